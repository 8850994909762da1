#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "kullback/backend.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Checks shared by the public functions. Each throws InvalidArgument with one sentence that names the argument.
namespace kullback {

/// Sizes are not negative, the stride is at least cols, rows x stride x element size fits in int64; unless the view is
/// empty, data is not null and is aligned to an element.
void require_view(const MatrixView& view, const char* name);
void require_vector(const VectorView& view, std::int64_t expected, const char* name);
[[noreturn]] void throw_not_an_enumerator(const char* name, int value, const char* type);
template <class Enum> void require_enumerator(Enum value, Enum last, const char* name, const char* type) {
  if (value > last) throw_not_an_enumerator(name, static_cast<int>(value), type);
}
void require_floating(DType dtype, const char* name);
void require_integer(DType dtype, const char* name);
void require_in(double value, double low, double high, const char* name, const char* range);

/// Temperatures whose reciprocal, and the logits times it, stay well inside float32.
inline constexpr double kMinTemperature = 0x1p-60, kMaxTemperature = 0x1p60;
inline constexpr const char* kTemperatureRange = "a positive number between 2^-60 and 2^60";

/// a * b, or InvalidArgument naming what the product is.
std::int64_t checked_product(std::int64_t a, std::int64_t b, const char* what);

/// Memory that a call reads or, a mutable view, writes: from the first byte to the last, the gaps between rows
/// included. Of views that have been checked. Empty ones and null pointers have no bytes.
struct Operand {
  const void* data = nullptr;
  std::size_t bytes = 0;
  const char* name = nullptr;
  bool written = false;
};
Operand operand(const MatrixView& view, const char* name);
Operand operand(const MutableMatrixView& view, const char* name);
Operand operand(const VectorView& view, const char* name);
Operand operand(const MutableVectorView& view, const char* name);

/// All operands of a call.
class Operands {
 public:
  Operands(std::initializer_list<Operand> list) {
    for (const Operand& o : list) items_[size_++] = o;
  }
  const Operand* begin() const { return items_; }
  const Operand* end() const { return items_ + size_; }

 private:
  static constexpr int kMost = 8;
  Operand items_[kMost];
  int size_ = 0;
};

/// The backend that runs: the one asked for, or the one whose memory the operands lie in. Checks `execution`, that CUDA
/// can run where it is asked for, and that the backend reaches all of the operands.
Backend resolve_backend(const Execution& execution, const Operands& operands);

/// Nothing that is written shares a byte with another operand.
void require_disjoint(const Operands& operands);

/// The workspace's pointer rounded up to 64 bytes; null where the call needs no bytes. Checks its size, that the
/// backend reaches all of it, and that it shares no byte with an operand. Queries add kWorkspaceSlack for the rounding.
void* lend(const Workspace& workspace, std::size_t bytes, Backend backend, const Operands& operands);
inline constexpr std::size_t kWorkspaceSlack = 64;

/// From 1 to kMaxThreads.
inline constexpr int kMaxThreads = 1024;
int resolve_threads(const Execution& execution);

/// nats -> asked unit.
double unit_factor(Unit unit);

/// "[3, 5] float32", for messages.
std::string describe(const MatrixView& view);

}  // namespace kullback
