#pragma once

#include <cstddef>
#include <string>

namespace kullback::bench {

/// What a reader must know before believing a number.
struct Machine {
  std::string cpu;
  int cores = 0;                ///< online
  int threads = 0;              ///< that OpenMP uses
  std::string isa;              ///< widest vector instructions the CPU offers
  std::size_t cache_bytes = 0;  ///< all last-level caches together
  std::size_t memory_bytes = 0;
  std::string system;
  std::string compiler;
  std::string commit;
  std::string date;  ///< UTC
};

Machine this_machine();

/// What nvidia-smi says of the device with this PCI bus id; empty where there is no nvidia-smi.
std::string nvidia_smi(const std::string& pci);

}  // namespace kullback::bench
