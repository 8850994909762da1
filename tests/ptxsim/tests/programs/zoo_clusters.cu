/// Zoo of seeded bugs: clusters, distributed shared memory, bulk copies, each beside a correct twin.
#include <cooperative_groups.h>

#include <cuda/ptx>

#include "executor.cuh"

using namespace executor;
namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;

namespace {

constexpr int kThreads = 32;

// ---- the neighbour's memory is read without waiting for it, or after it has gone
template <bool kFirstSync, bool kLastSync> __global__ void __cluster_dims__(2, 1, 1) neighbour(float* out) {
  __shared__ float values[kThreads];
  auto cluster = cg::this_cluster();
  values[threadIdx.x] = 1.f;
  if (kFirstSync) cluster.sync();
  out[blockIdx.x * kThreads + threadIdx.x] = cluster.map_shared_rank(values, cluster.block_rank() ^ 1)[threadIdx.x];
  if (kLastSync) cluster.sync();
}

TEST(ZooClusters, MissingFirstSync) {
  const Array<float> out(2 * kThreads);
  expect_report(R"(RACE .* of shared values\+\d+: .* of .*neighbour|UNINITIALISED read of shared values)",
                [&] { neighbour<false, true><<<2, kThreads>>>(out.data()); });
  expect_silence([&] { neighbour<true, true><<<2, kThreads>>>(out.data()); });
}

TEST(ZooClusters, MissingLastSync) {
  const Array<float> out(2 * kThreads);
  expect_report(R"(CLUSTER: access to the shared memory of a block that has exited: .* of .*neighbour)",
                [&] { neighbour<true, false><<<2, kThreads>>>(out.data()); });
}

// ---- a rank outside the cluster
__global__ void __cluster_dims__(2, 1, 1) far_rank(float* out, int rank) {
  __shared__ float value;
  auto cluster = cg::this_cluster();
  if (threadIdx.x == 0) value = 1.f;
  cluster.sync();
  if (threadIdx.x == 0) out[blockIdx.x] = *cluster.map_shared_rank(&value, rank);
  cluster.sync();
}

TEST(ZooClusters, RankOutside) {
  const Array<float> out(2);
  expect_report(R"(CLUSTER: mapa to rank 2 outside the cluster: .* of .*far_rank)", [&] {
    far_rank<<<2, kThreads>>>(out.data(), 2);
    EXPECT_EQ(cudaErrorIllegalAddress, cudaDeviceSynchronize());
  });
  expect_silence([&] { far_rank<<<2, kThreads>>>(out.data(), 1); });
}

// ---- counts in another block's memory without an atomic
template <bool kCorrect> __global__ void __cluster_dims__(4, 1, 1) remote_count(unsigned* out) {
  __shared__ unsigned count;
  auto cluster = cg::this_cluster();
  if (threadIdx.x == 0) count = 0;
  cluster.sync();
  unsigned* remote = cluster.map_shared_rank(&count, 0);
  if (threadIdx.x == 0) {
    if (kCorrect) {
      atomicAdd(remote, 1u);
    } else {
      *remote += 1;
    }
  }
  cluster.sync();
  if (threadIdx.x == 0 && cluster.block_rank() == 0) *out = count;
}

TEST(ZooClusters, RemoteCountWithoutAtomic) {
  const Array<unsigned> out(1);
  expect_report(R"(RACE .* of shared count\+0: .* of .*remote_count.*, earlier thread 0 of another block)",
                [&] { remote_count<false><<<4, kThreads>>>(out.data()); });
  expect_silence([&] { remote_count<true><<<4, kThreads>>>(out.data()); });
  EXPECT_EQ(4u, out.values()[0]);
}

// ---- a bulk copy that nobody waits for
template <bool kCorrect> __global__ void bulk_load(const float* in, float* out) {
  __shared__ alignas(128) float buffer[kThreads];
  __shared__ std::uint64_t barrier;
  if (threadIdx.x == 0) {
    ptx::mbarrier_init(&barrier, 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, &barrier, sizeof buffer);
    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, buffer, in, sizeof buffer, &barrier);
  }
  __syncthreads();
  while (kCorrect && !ptx::mbarrier_try_wait_parity(&barrier, 0)) {
  }
  out[threadIdx.x] = buffer[threadIdx.x];
}

TEST(ZooClusters, BulkLoadWithoutWait) {
  const Array<float> in(std::vector<float>(kThreads, 3.f)), out(kThreads);
  expect_report(R"(BULK COPY: cp.async.bulk that nobody waited for: .* of .*bulk_load)",
                [&] { bulk_load<false><<<1, kThreads>>>(in.data(), out.data()); });
  expect_report("UNINITIALISED read of shared buffer",
                [&] { bulk_load<false><<<1, kThreads>>>(in.data(), out.data()); });
  expect_silence([&] { bulk_load<true><<<1, kThreads>>>(in.data(), out.data()); });
  EXPECT_EQ(3.f, out.values()[kThreads - 1]);
}

// ---- a bulk store whose source dies with the block
template <bool kCorrect> __global__ void bulk_store(float* out) {
  __shared__ alignas(128) float buffer[kThreads];
  buffer[threadIdx.x] = threadIdx.x;
  ptx::fence_proxy_async(ptx::space_shared);
  __syncthreads();
  if (threadIdx.x != 0) return;
  ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, out, buffer, sizeof buffer);
  ptx::cp_async_bulk_commit_group();
  if (kCorrect) ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>());
}

TEST(ZooClusters, BulkStoreWithoutWait) {
  const Array<float> out(kThreads);
  expect_report(R"(BULK COPY: exit before the cp.async.bulk store was waited for: .* of .*bulk_store)",
                [&] { bulk_store<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { bulk_store<true><<<1, kThreads>>>(out.data()); });
  EXPECT_EQ(31.f, out.values()[31]);
}

// ---- an mbarrier that is used before all have seen its initialisation
template <bool kCorrect> __global__ void mbarrier_init(int* out) {
  __shared__ std::uint64_t barrier;
  if (threadIdx.x == blockDim.x - 1) ptx::mbarrier_init(&barrier, blockDim.x);
  if (kCorrect) __syncthreads();
  const std::uint64_t state = ptx::mbarrier_arrive(&barrier);
  while (!ptx::mbarrier_try_wait(&barrier, state)) {
  }
  out[threadIdx.x] = 1;
}

TEST(ZooClusters, MbarrierBeforeInit) {
  const Array<int> out(2 * kThreads);
  // In reverse order the initialisation happens to come first.
  if (ptxsim_option) {
    mbarrier_init<false><<<1, 2 * kThreads>>>(out.data());
    EXPECT_EQ(cudaErrorLaunchFailure, cudaDeviceSynchronize());
    const auto reports = take_reports();
    ASSERT_EQ(1u, reports.size());
    EXPECT_TRUE(
        std::regex_search(reports[0], std::regex("MBARRIER: used before mbarrier.init: .* of .*mbarrier_init")));
  }
  expect_silence([&] { mbarrier_init<true><<<1, 2 * kThreads>>>(out.data()); });
}

}  // namespace
