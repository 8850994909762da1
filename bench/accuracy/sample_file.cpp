#include "bench/accuracy/sample_file.hpp"

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

namespace kullback::accuracy {
namespace {

template <class T> void append(std::ofstream& file, const std::vector<T>& x) {
  file.write(reinterpret_cast<const char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(T)));
}

}  // namespace

SampleWriter::SampleWriter(std::string folder, std::int64_t batches) : folder_(std::move(folder)), batches_(batches) {
  if (folder_.empty()) return;
  std::filesystem::create_directories(folder_);
  index_.open(folder_ + "/index.jsonl");
  index_.exceptions(std::ios::badbit | std::ios::failbit);
}

bool SampleWriter::wants(const Batch& batch) const {
  return !folder_.empty() && batch.plain && is_floating(batch.dtype()) && batch.name.index >= 0 &&
         batch.name.index < batches_;
}

/// p, q, labels; then for every row and measure the exact value (high, low), u times the magnitude, the absolute
/// allowance, the bound in u, what the library got. All float64 but p and q.
void SampleWriter::write(const Batch& batch, const Results& results) {
  const MeasureSet measures = all_measures();
  const auto width = static_cast<std::size_t>(measures.size());
  std::vector<double> values;
  for (std::int64_t row = 0; row < batch.shape.rows; ++row) {
    const std::vector<Exact> exact = exact_measures<Mpfr>(batch.row(row), batch.options);
    for (std::size_t k = 0; k < width; ++k) {
      const Measure m = measures[static_cast<int>(k)];
      const Bound bound = rows_bound(m, batch.options, batch.shape.cols, results.dtype);
      for (double x : {exact[k].high, exact[k].low, unit_roundoff(results.dtype) * exact[k].magnitude, bound.absolute,
                       bound.units, results.values[static_cast<std::size_t>(row) * width + k]}) {
        values.push_back(x);
      }
    }
  }
  std::vector<std::string> names;
  for (Measure m : measures) names.emplace_back(measure_info(m).name);
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string name = name_of(batch.name);
  std::ofstream file(folder_ + "/" + name, std::ios::binary);
  file.exceptions(std::ios::badbit | std::ios::failbit);
  append(file, batch.p), append(file, batch.q), append(file, batch.labels), append(file, values);
  const Form& form = all_forms()[static_cast<std::size_t>(batch.name.form)];
  index_ << nlohmann::json{{"file", name},
                           {"family", name_of(batch.name.family)},
                           {"form", name_of(form)},
                           {"rows", batch.shape.rows},
                           {"cols", batch.shape.cols},
                           {"measures", names}}
                .dump()
         << std::endl;
}

}  // namespace kullback::accuracy
