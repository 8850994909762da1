#pragma once

#include "kullback/backend.hpp"
#include "kullback/column_measures.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/device_memory.hpp"
#include "kullback/divergence_loss.hpp"
#include "kullback/dtype.hpp"
#include "kullback/error.hpp"
#include "kullback/information.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/mutual_information.hpp"
#include "kullback/rows.hpp"
#include "kullback/verify.hpp"
