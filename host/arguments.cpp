#include "host/arguments.hpp"

#include <omp.h>

#include <algorithm>

#include "kernels/engines.hpp"
#include "kullback/error.hpp"

namespace kullback {

std::string describe(const MatrixView& v) {
  return "[" + std::to_string(v.rows) + ", " + std::to_string(v.cols) + "] " + name_of(v.dtype);
}

std::int64_t checked_product(std::int64_t a, std::int64_t b, const char* what) {
  std::int64_t product;
  if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) {
    throw InvalidArgument(std::string(what) + ": " + std::to_string(a) + " x " + std::to_string(b) +
                          " does not fit in a 64-bit size");
  }
  return product;
}

namespace {

void require_alignment(const void* data, DType dtype, const char* name) {
  const std::size_t bytes = size_of(dtype);
  if (reinterpret_cast<std::uintptr_t>(data) % bytes != 0) {
    throw InvalidArgument(std::string(name) + ": data is not aligned to its elements, expected a multiple of " +
                          std::to_string(bytes) + " bytes for " + name_of(dtype));
  }
}

}  // namespace

void require_view(const MatrixView& v, const char* name) {
  const std::string who = name;
  require_enumerator(v.dtype, DType::i64, name, "DType");
  if (v.rows < 0 || v.cols < 0) throw InvalidArgument(who + ": sizes must not be negative, got " + describe(v));
  if (v.row_stride < v.cols) {
    throw InvalidArgument(who + ": row_stride " + std::to_string(v.row_stride) + " is less than its " +
                          std::to_string(v.cols) + " columns");
  }
  const std::int64_t elements = checked_product(v.rows, v.row_stride, name);
  checked_product(elements, static_cast<std::int64_t>(size_of(v.dtype)), name);
  if (v.rows == 0 || v.cols == 0) return;
  if (v.data == nullptr) throw InvalidArgument(who + ": data is null, expected " + describe(v));
  require_alignment(v.data, v.dtype, name);
}

void require_vector(const VectorView& v, std::int64_t expected, const char* name) {
  require_enumerator(v.dtype, DType::i64, name, "DType");
  if (v.size != expected) {
    throw InvalidArgument(std::string(name) + ": has " + std::to_string(v.size) + " elements, expected " +
                          std::to_string(expected));
  }
  if (expected == 0) return;
  if (v.data == nullptr) throw InvalidArgument(std::string(name) + ": data is null");
  require_alignment(v.data, v.dtype, name);
}

void throw_not_an_enumerator(const char* name, int value, const char* type) {
  throw InvalidArgument(std::string(name) + ": is " + std::to_string(value) + ", which is not an enumerator of " +
                        type);
}

void require_floating(DType dtype, const char* name) {
  if (!is_floating(dtype)) {
    throw InvalidArgument(std::string(name) + ": is " + name_of(dtype) +
                          ", expected float32, float16, bfloat16 or float64");
  }
}

void require_integer(DType dtype, const char* name) {
  if (is_floating(dtype)) {
    throw InvalidArgument(std::string(name) + ": is " + name_of(dtype) + ", expected uint8, uint16, int32 or int64");
  }
}

void require_in(double value, double low, double high, const char* name, const char* range) {
  if (!(value >= low && value <= high)) {
    throw InvalidArgument(std::string(name) + ": is " + std::to_string(value) + ", expected " + range);
  }
}

namespace {

std::size_t bytes_of(const MatrixView& v) {
  if (v.data == nullptr || v.rows == 0 || v.cols == 0) return 0;
  return static_cast<std::size_t>((v.rows - 1) * v.row_stride + v.cols) * size_of(v.dtype);
}

std::size_t bytes_of(const VectorView& v) {
  return v.data == nullptr ? 0 : static_cast<std::size_t>(v.size) * size_of(v.dtype);
}

}  // namespace

Operand operand(const MatrixView& view, const char* name) { return {view.data, bytes_of(view), name, false}; }

Operand operand(const MutableMatrixView& view, const char* name) { return {view.data, bytes_of(view), name, true}; }

Operand operand(const VectorView& view, const char* name) { return {view.data, bytes_of(view), name, false}; }

Operand operand(const MutableVectorView& view, const char* name) {
  return {view.data, bytes_of(VectorView{view.data, view.dtype, view.size}), name, true};
}

namespace {

bool on_device(const Operand& o) {
  const cuda::Place place = cuda::location_of(o.data).place;
  return place == cuda::Place::device || place == cuda::Place::other_device;
}

/// After an error of the device nobody can tell where memory lies; who asks for the CPU is then taken at his word.
bool known_on_device(const Operand& o) {
  try {
    return on_device(o);
  } catch (const DeviceError&) {
    return false;
  }
}

void require_readable_by_device(const Operand& o) {
  const std::string who = o.name;
  const cuda::Location at = cuda::location_of(o.data);
  if (at.place == cuda::Place::host) {
    throw InvalidArgument(
        who + ": lies in host memory, or in memory that was freed; the CUDA backend expects memory of " + "the device");
  }
  if (at.place == cuda::Place::other_device) {
    throw InvalidArgument(who + ": lies on device " + std::to_string(at.device) + ", the current device is " +
                          std::to_string(cuda::current_device()));
  }
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(o.data), last = first + (o.bytes - 1);
  if (last < first || cuda::location_of(reinterpret_cast<const void*>(last)).place != at.place) {
    throw InvalidArgument(who + ": its " + std::to_string(o.bytes) + " bytes reach beyond the memory they begin in");
  }
}

}  // namespace

Backend resolve_backend(const Execution& execution, const Operands& operands) {
  if (execution.threads < 0) {
    throw InvalidArgument("threads: is " + std::to_string(execution.threads) + ", expected 0 (all) or more");
  }
  require_enumerator(execution.backend, Backend::cuda, "backend", "Backend");
  require_enumerator(execution.mode, Mode::fast, "mode", "Mode");
  Backend backend = execution.backend;
  if (backend == Backend::cpu) {
    for (const Operand& o : operands) {
      if (o.bytes > 0 && known_on_device(o)) {
        throw InvalidArgument(std::string(o.name) + ": lies in device memory, the CPU backend expects host memory");
      }
    }
    return backend;
  }
  if (backend == Backend::automatic) {
    backend = Backend::cpu;
    for (const Operand& o : operands) {
      if (o.data != nullptr && on_device(o)) backend = Backend::cuda;
    }
  }
  if (backend == Backend::cpu) return backend;
  cuda::require_available();
  for (const Operand& o : operands) {
    if (o.bytes > 0) require_readable_by_device(o);
  }
  return backend;
}

namespace {

bool overlap(const Operand& a, const Operand& b) {
  if (a.bytes == 0 || b.bytes == 0) return false;
  const auto at_a = reinterpret_cast<std::uintptr_t>(a.data), at_b = reinterpret_cast<std::uintptr_t>(b.data);
  return at_a < at_b ? at_b - at_a < a.bytes : at_a - at_b < b.bytes;
}

void require_disjoint(const Operand& a, const Operand& b) {
  if (overlap(a, b)) throw InvalidArgument(std::string(a.name) + " and " + b.name + " overlap in memory");
}

}  // namespace

void require_disjoint(const Operands& operands) {
  for (const Operand& a : operands) {
    for (const Operand* b = operands.begin(); b != &a; ++b) {
      if (a.written || b->written) require_disjoint(a, *b);
    }
  }
}

void* lend(const Workspace& workspace, std::size_t bytes, Backend backend, const Operands& operands) {
  if (bytes == 0) return nullptr;
  const Operand lent = {workspace.data, workspace.data == nullptr ? 0 : workspace.bytes, "workspace", true};
  if (lent.bytes < bytes) {
    throw InvalidArgument("workspace: has " + std::to_string(lent.bytes) + " bytes, this call needs " +
                          std::to_string(bytes));
  }
  if (backend == Backend::cuda) require_readable_by_device(lent);
  for (const Operand& o : operands) require_disjoint(lent, o);
  const auto address = reinterpret_cast<std::uintptr_t>(workspace.data);
  return reinterpret_cast<void*>((address + kWorkspaceSlack - 1) / kWorkspaceSlack * kWorkspaceSlack);
}

int resolve_threads(const Execution& execution) {
  return std::clamp(execution.threads > 0 ? execution.threads : omp_get_max_threads(), 1, kMaxThreads);
}

double unit_factor(Unit unit) {
  switch (unit) {
    case Unit::nats: return 1;
    case Unit::bits: return 1.44269504088896340736;   // 1 / ln 2
    case Unit::bans: return 0.434294481903251827651;  // 1 / ln 10
  }
  throw_not_an_enumerator("unit", static_cast<int>(unit), "Unit");
}

}  // namespace kullback
