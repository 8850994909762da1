/// The CUDA backend of a build that has none: the same symbols, each saying why it cannot run.
#include "kernels/column_jobs.hpp"
#include "kernels/engines.hpp"
#include "kullback/device_memory.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace cuda {
namespace {

constexpr const char* kReason = "CUDA backend: not in this build (the CUDA engines were not compiled)";

[[noreturn]] void unavailable() { throw BackendUnavailable(kReason); }

}  // namespace

BackendStatus status() { return {false, kReason}; }
void require_available() { unavailable(); }
Location location_of(const void*) { return {Place::host, -1}; }
int current_device() { unavailable(); }

std::size_t rows_workspace_bytes(const RowsJob&) { unavailable(); }
void rows(const RowsJob&, Stream) { unavailable(); }
std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob&) { unavailable(); }
void cross_entropy(const CrossEntropyJob&, Stream) { unavailable(); }
void gaussian_kl(const GaussianKlJob&, Stream) { unavailable(); }
void binary_cross_entropy(const BinaryCrossEntropyJob&, Stream) { unavailable(); }
std::size_t pairs_workspace_bytes(const PairsJob&) { unavailable(); }
void mutual_information_pairs(const PairsJob&, Stream) { unavailable(); }
std::size_t label_workspace_bytes(const LabelJob&) { unavailable(); }
void mutual_information_label(const LabelJob&, Stream) { unavailable(); }
std::size_t all_pairs_workspace_bytes(const AllPairsJob&) { unavailable(); }
void mutual_information_all_pairs(const AllPairsJob&, Stream) { unavailable(); }
CountingPlan counting_plan(const PairsJob&) { unavailable(); }
CountingPlan counting_plan(const LabelJob&) { unavailable(); }
CountingPlan counting_plan(const AllPairsJob&) { unavailable(); }
std::size_t joint_workspace_bytes(const JointJob&) { unavailable(); }
void mutual_information_joint(const JointJob&, Stream) { unavailable(); }

}  // namespace cuda

DeviceMemory::DeviceMemory(std::size_t) { cuda::unavailable(); }
DeviceMemory::~DeviceMemory() = default;
DeviceMemory::DeviceMemory(DeviceMemory&&) noexcept {}
DeviceMemory& DeviceMemory::operator=(DeviceMemory&&) noexcept { return *this; }
void copy_to_device(void*, const void*, std::size_t, Stream) { cuda::unavailable(); }
void copy_to_host(void*, const void*, std::size_t, Stream) { cuda::unavailable(); }
void synchronize(Stream) { cuda::unavailable(); }

}  // namespace kullback
