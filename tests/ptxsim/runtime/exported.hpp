#pragma once

/// An entry point of the library: C linkage, visible.
#define PTXSIM_EXPORT extern "C" __attribute__((visibility("default")))
