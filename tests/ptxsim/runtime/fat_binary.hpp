/// The container in which nvcc embeds PTX and machine code.
#pragma once
#include <map>
#include <string>
#include <vector>

namespace ptxsim {

struct FatBinary {
  struct Ptx {
    unsigned architecture;
    std::string text;
  };
  std::vector<Ptx> ptx;
  std::map<std::string, unsigned> registers;  // per thread of each kernel, from the machine code
};

/// `wrapper` is what the host code hands to __cudaRegisterFatBinary.
FatBinary read_fat_binary(const void* wrapper);

}  // namespace ptxsim
