#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/accuracy/exact.hpp"
#include "kullback/kullback.hpp"

/// Random rows that anybody can make again: a batch depends on the seed, its name and the numbers in Plan alone.
namespace kullback::accuracy {

enum class Family : std::uint8_t { gaussian, peaked, near_uniform, near_equal, masked };
inline constexpr int kFamilies = 5;
const char* name_of(Family family);

/// What the numbers mean and how they are stored.
struct Form {
  Input input;
  DType dtype;
};
const std::vector<Form>& all_forms();
std::string name_of(const Form& form);

inline constexpr std::int64_t kLongest = 131072;

/// Lengths are log-uniform in [1, kLongest], but rows longer than `even_length` are rarer in proportion to what they
/// are longer, so that every octave beyond it costs the same. A batch has up to kBatchRows rows of one length.
struct Plan {
  std::uint64_t seed = 1;
  double even_length = 8;
};
inline constexpr std::int64_t kBatchRows = 256;

/// The even length at which rows have so many elements on average; throws InvalidArgument beyond what lengths allow.
double even_length_for(double elements_per_row);

struct BatchName {
  Family family = Family::gaussian;
  int form = 0;  ///< index in all_forms()
  std::int64_t index = 0;
};
std::string name_of(const BatchName& name);

/// The last batch of every family and form: one row of kLongest columns.
inline constexpr std::int64_t kLongestBatch = -1;

struct Shape {
  std::int64_t rows = 0, cols = 0;
};
Shape shape_of(const Plan& plan, const BatchName& name);

struct Batch {
  BatchName name;
  Shape shape;
  RowsOptions options;
  bool plain = false;                      ///< temperature 1, rows taken as given, js at 1/2: what peers compute too
  std::vector<unsigned char> p, q;         ///< as the library reads them
  std::vector<double> p_values, q_values;  ///< the same, widened exactly
  std::vector<std::int64_t> labels;

  DType dtype() const { return all_forms()[static_cast<std::size_t>(name.form)].dtype; }
  Input input() const { return all_forms()[static_cast<std::size_t>(name.form)].input; }
  RowPair row(std::int64_t r) const {
    return {p_values.data() + r * shape.cols, q_values.data() + r * shape.cols, shape.cols,
            labels[static_cast<std::size_t>(r)]};
  }
};

Batch make_batch(const Plan& plan, const BatchName& name);

}  // namespace kullback::accuracy
