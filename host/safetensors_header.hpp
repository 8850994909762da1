#pragma once

#include <string>
#include <string_view>

#include "host/array_header.hpp"

namespace kullback {

/// Whether a path is that of a .safetensors file, and which tensor it names after a colon (empty: none).
struct TensorPath {
  bool is_safetensors = false;
  std::string file, tensor;
};
TensorPath tensor_path(const std::string& path);

/// Reads the header of a .safetensors file (8 bytes of length, JSON, data) and checks the tensor's place against the
/// file, of which `file` is all bytes. A file of one tensor needs no name. Throws InvalidArgument, one sentence that
/// starts with `name`. Format: huggingface.co/docs/safetensors
ArrayHeader parse_safetensors_header(std::string_view file, const std::string& name, const std::string& tensor);

}  // namespace kullback
