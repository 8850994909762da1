/// The special registers (PTX ISA 10), which only mov reads.
#include "isa/special_registers.hpp"

#include <iterator>

#include "isa/move.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"

namespace ptxsim {
namespace {

constexpr unsigned kMultiprocessors = 132;

using Read = std::uint64_t (*)(const Warp&, unsigned lane);

const Launch& launch(const Warp& w) { return w.block->launch(); }
const LaunchConfig& config(const Warp& w) { return launch(w).config; }

template <unsigned kAxis> std::uint64_t thread_index(const Warp& w, unsigned lane) {
  return launch(w).thread_index[kAxis][w.thread(lane)];
}

template <unsigned kAxis> std::uint64_t block_index(const Warp& w, unsigned) { return w.block->index[kAxis]; }

template <Dimensions LaunchConfig::*kWhat, unsigned Dimensions::*kAxis> std::uint64_t extent(const Warp& w, unsigned) {
  return config(w).*kWhat.*kAxis;
}

template <unsigned Dimensions::*kAxis, unsigned kIndex> std::uint64_t cluster_index(const Warp& w, unsigned) {
  return w.block->index[kIndex] / (config(w).cluster.*kAxis);
}

template <unsigned Dimensions::*kAxis, unsigned kIndex> std::uint64_t index_in_cluster(const Warp& w, unsigned) {
  return w.block->index[kIndex] % (config(w).cluster.*kAxis);
}

template <unsigned Dimensions::*kAxis> std::uint64_t cluster_count(const Warp& w, unsigned) {
  return launch(w).clusters.*kAxis;
}

std::uint64_t zero(const Warp&, unsigned) { return 0; }

struct SpecialRegister {
  std::string_view name;
  Read read;
};

using D = Dimensions;
using C = LaunchConfig;

// The clocks count instructions of this launch, which is all the time there is.
const SpecialRegister kRegisters[] = {
    {"%tid.x", thread_index<0>},
    {"%tid.y", thread_index<1>},
    {"%tid.z", thread_index<2>},
    {"%ntid.x", extent<&C::block, &D::x>},
    {"%ntid.y", extent<&C::block, &D::y>},
    {"%ntid.z", extent<&C::block, &D::z>},
    {"%ctaid.x", block_index<0>},
    {"%ctaid.y", block_index<1>},
    {"%ctaid.z", block_index<2>},
    {"%nctaid.x", extent<&C::grid, &D::x>},
    {"%nctaid.y", extent<&C::grid, &D::y>},
    {"%nctaid.z", extent<&C::grid, &D::z>},
    {"%laneid", [](const Warp&, unsigned lane) -> std::uint64_t { return lane; }},
    {"%warpid", [](const Warp& w, unsigned) -> std::uint64_t { return w.index; }},
    {"%nwarpid", [](const Warp& w, unsigned) -> std::uint64_t { return w.block->warp_count(); }},
    {"%lanemask_eq", [](const Warp&, unsigned lane) -> std::uint64_t { return Mask{1} << lane; }},
    {"%lanemask_lt", [](const Warp&, unsigned lane) -> std::uint64_t { return (Mask{1} << lane) - 1; }},
    {"%lanemask_le", [](const Warp&, unsigned lane) -> std::uint64_t { return (Mask{2} << lane) - 1; }},
    {"%lanemask_gt", [](const Warp&, unsigned lane) -> std::uint64_t { return ~((Mask{2} << lane) - 1); }},
    {"%lanemask_ge", [](const Warp&, unsigned lane) -> std::uint64_t { return ~((Mask{1} << lane) - 1); }},
    {"%smid", [](const Warp& w, unsigned) -> std::uint64_t { return w.block->id % kMultiprocessors; }},
    {"%nsmid", [](const Warp&, unsigned) -> std::uint64_t { return kMultiprocessors; }},
    {"%gridid", zero},
    {"%clock", [](const Warp& w, unsigned) { return w.block->cluster().instructions; }},
    {"%clock64", [](const Warp& w, unsigned) { return w.block->cluster().instructions; }},
    {"%clock_hi", [](const Warp& w, unsigned) { return w.block->cluster().instructions >> 32; }},
    {"%globaltimer", [](const Warp& w, unsigned) { return w.block->cluster().instructions; }},
    {"%dynamic_smem_size", [](const Warp& w, unsigned) -> std::uint64_t { return config(w).dynamic_shared; }},
    {"%total_smem_size",
     [](const Warp& w, unsigned) -> std::uint64_t {
       return std::uint64_t{launch(w).kernel->static_shared_bytes} + config(w).dynamic_shared;
     }},
    {"%reserved_smem_offset_begin", zero},
    {"%reserved_smem_offset_end", [](const Warp&, unsigned) -> std::uint64_t { return kReservedShared; }},
    {"%reserved_smem_offset_cap", [](const Warp&, unsigned) -> std::uint64_t { return kReservedShared; }},
    {"%reserved_smem_offset_0", zero},
    {"%reserved_smem_offset_1", zero},
    {"%is_explicit_cluster", [](const Warp& w, unsigned) -> std::uint64_t { return launch(w).cluster_size > 1; }},
    {"%clusterid.x", cluster_index<&D::x, 0>},
    {"%clusterid.y", cluster_index<&D::y, 1>},
    {"%clusterid.z", cluster_index<&D::z, 2>},
    {"%nclusterid.x", cluster_count<&D::x>},
    {"%nclusterid.y", cluster_count<&D::y>},
    {"%nclusterid.z", cluster_count<&D::z>},
    {"%cluster_ctaid.x", index_in_cluster<&D::x, 0>},
    {"%cluster_ctaid.y", index_in_cluster<&D::y, 1>},
    {"%cluster_ctaid.z", index_in_cluster<&D::z, 2>},
    {"%cluster_nctaid.x", extent<&C::cluster, &D::x>},
    {"%cluster_nctaid.y", extent<&C::cluster, &D::y>},
    {"%cluster_nctaid.z", extent<&C::cluster, &D::z>},
    {"%cluster_ctarank", [](const Warp& w, unsigned) -> std::uint64_t { return w.block->rank; }},
    {"%cluster_nctarank", [](const Warp& w, unsigned) -> std::uint64_t { return launch(w).cluster_size; }},
};

}  // namespace

int find_special_register(std::string_view name) {
  for (std::size_t k = 0; k < std::size(kRegisters); ++k) {
    if (kRegisters[k].name == name) return static_cast<int>(k);
  }
  return -1;
}

Outcome read_special_register(Warp& warp, const Instruction& i, Mask mask) {
  const Read read = kRegisters[i.target].read;
  for_each_lane(mask, [&](unsigned lane) { warp.set_number(i.d, i.d_size, lane, read(warp, lane)); });
  return Outcome::next;
}

}  // namespace ptxsim
