/// Clusters, distributed shared memory, mbarriers, bulk copies and named barriers as CUDA code writes them; every
/// result against the host.
#include <cooperative_groups.h>

#include <cuda/barrier>
#include <cuda/ptx>

#include "executor.cuh"

using namespace executor;
namespace cg = cooperative_groups;
namespace ptx = cuda::ptx;

namespace {

__global__ void __cluster_dims__(4, 1, 1) ring(float* out) {
  extern __shared__ float values[];
  auto cluster = cg::this_cluster();
  const unsigned rank = cluster.block_rank();
  values[threadIdx.x] = rank * 1000.f + threadIdx.x;
  cluster.sync();
  const float* next = cluster.map_shared_rank(values, (rank + 1) % cluster.num_blocks());
  const float neighbour = next[threadIdx.x];
  cluster.sync();
  if (rank != 0) atomicAdd(cluster.map_shared_rank(values, 0) + threadIdx.x, 1.f);
  cluster.sync();
  out[blockIdx.x * blockDim.x + threadIdx.x] =
      rank == 0 ? values[threadIdx.x] : neighbour + 1e5f * cluster.query_shared_rank(next);
}

TEST(Clusters, Ring) {
  const Array<float> out(8 * 64);
  expect_silence([&] {
    ring<<<8, 64, 64 * sizeof(float)>>>(out.data());
    const std::vector<float> values = out.values();
    for (int block = 0; block < 8; ++block) {
      for (int thread = 0; thread < 64; ++thread) {
        const int next = (block + 1) % 4;
        const float expected = block % 4 == 0 ? thread + 3.f : next * 1000.f + thread + 1e5f * next;
        ASSERT_EQ(expected, values[block * 64 + thread]);
      }
    }
  });
}

/// A histogram whose bins are spread over the cluster's shared memory.
__global__ void spread_histogram(const unsigned char* in, unsigned* out, int size, int bins) {
  extern __shared__ unsigned counts[];
  auto cluster = cg::this_cluster();
  const int own = (bins + cluster.num_blocks() - 1) / cluster.num_blocks();
  for (int k = threadIdx.x; k < own; k += blockDim.x) counts[k] = 0;
  cluster.sync();
  for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < size; k += gridDim.x * blockDim.x) {
    const int bin = in[k] % bins;
    atomicAdd(cluster.map_shared_rank(counts, bin / own) + bin % own, 1u);
  }
  cluster.sync();
  for (int k = threadIdx.x; k < own; k += blockDim.x) {
    const int bin = cluster.block_rank() * own + k;
    if (bin < bins) atomicAdd(out + bin, counts[k]);
  }
}

TEST(Clusters, SizesFromTheLaunchAttribute) {
  constexpr int kSize = 5000, kBins = 100;
  std::vector<unsigned char> in(kSize);
  std::vector<unsigned> expected(kBins);
  for (int k = 0; k < kSize; ++k) {
    in[k] = static_cast<unsigned char>(k * 37 + k / 7);
    ++expected[in[k] % kBins];
  }
  const Array<unsigned char> device_in(in);
  cudaLaunchConfig_t config = {};
  cudaLaunchAttribute attribute = {};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  config.gridDim = 16;
  config.blockDim = 96;
  config.attrs = &attribute;
  config.numAttrs = 1;
  const auto launch = [&](unsigned size, unsigned* out) {
    attribute.val.clusterDim.x = size;
    config.dynamicSmemBytes = (kBins + size - 1) / size * sizeof(unsigned);
    return cudaLaunchKernelEx(&config, spread_histogram, static_cast<const unsigned char*>(device_in.data()), out,
                              kSize, kBins);
  };
  for (const unsigned size : {1u, 2u, 8u}) {
    const Array<unsigned> out(kBins);
    EXPECT_CUDA(launch(size, out.data()));
    EXPECT_EQ(expected, out.values()) << size;
    int clusters = 0;
    EXPECT_CUDA(cudaOccupancyMaxActiveClusters(&clusters, spread_histogram, &config));
    EXPECT_GT(clusters, 0);
  }
  const Array<unsigned> out(kBins);
  EXPECT_EQ(cudaErrorInvalidClusterSize, launch(16, out.data()));
  EXPECT_CUDA(cudaFuncSetAttribute(spread_histogram, cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  EXPECT_CUDA(launch(16, out.data()));
  EXPECT_EQ(expected, out.values());
  EXPECT_EQ(cudaErrorInvalidClusterSize, launch(3, out.data()));
  EXPECT_EQ(cudaErrorInvalidClusterSize, cudaGetLastError());
}

/// Chunks through two buffers: bulk loads ahead, bulk stores behind.
__global__ void pipeline(const float* in, float* out) {
  constexpr int kChunks = 6, kChunk = 256;
  __shared__ alignas(128) float buffer[2][kChunk];
  __shared__ std::uint64_t full[2];
  if (threadIdx.x == 0) {
    for (auto& each : full) ptx::mbarrier_init(&each, 1);
    ptx::fence_mbarrier_init(ptx::sem_release, ptx::scope_cluster);
  }
  __syncthreads();
  const auto load = [&](int chunk) {
    std::uint64_t* barrier = &full[chunk % 2];
    ptx::mbarrier_arrive_expect_tx(ptx::sem_release, ptx::scope_cta, ptx::space_shared, barrier, sizeof buffer[0]);
    ptx::cp_async_bulk(ptx::space_cluster, ptx::space_global, buffer[chunk % 2],
                       in + (blockIdx.x * kChunks + chunk) * kChunk, sizeof buffer[0], barrier);
  };
  if (threadIdx.x == 0) load(0);
  for (int chunk = 0; chunk < kChunks; ++chunk) {
    if (threadIdx.x == 0 && chunk + 1 < kChunks) {
      ptx::cp_async_bulk_wait_group_read(ptx::n32_t<0>());
      load(chunk + 1);
    }
    while (!ptx::mbarrier_try_wait_parity(&full[chunk % 2], chunk / 2 % 2)) {
    }
    float* values = buffer[chunk % 2];
    for (int k = threadIdx.x; k < kChunk; k += blockDim.x) values[k] = values[k] * 2.f + chunk;
    ptx::fence_proxy_async(ptx::space_shared);
    __syncthreads();
    if (threadIdx.x == 0) {
      ptx::cp_async_bulk(ptx::space_global, ptx::space_shared, out + (blockIdx.x * kChunks + chunk) * kChunk, values,
                         sizeof buffer[0]);
      ptx::cp_async_bulk_commit_group();
    }
  }
  if (threadIdx.x == 0) ptx::cp_async_bulk_wait_group(ptx::n32_t<0>());
}

TEST(BulkCopies, Pipeline) {
  std::vector<float> in(3 * 6 * 256), expected(in.size());
  for (std::size_t k = 0; k < in.size(); ++k) {
    in[k] = static_cast<float>(k % 977);
    expected[k] = in[k] * 2 + static_cast<float>(k / 256 % 6);
  }
  const Array<float> device_in(in);
  expect_silence([&] {
    const Array<float> out(in.size());
    pipeline<<<3, 64>>>(device_in.data(), out.data());
    ASSERT_EQ(expected, out.values());
  });
}

__global__ void object_barrier(const int* in, int* out) {
#pragma nv_diag_suppress static_var_with_dynamic_init
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ int values[128];
  if (threadIdx.x == 0) init(&barrier, blockDim.x);
  __syncthreads();
  cuda::memcpy_async(values + threadIdx.x, in + threadIdx.x, sizeof(int), barrier);
  barrier.arrive_and_wait();
  int v = values[threadIdx.x ^ 1];
  auto token = barrier.arrive();
  v += 1;
  barrier.wait(std::move(token));
  values[threadIdx.x] = v;
  barrier.arrive_and_wait();
  out[threadIdx.x] = values[127 - threadIdx.x];
}

TEST(Barriers, CudaBarrierAndMemcpyAsync) {
  std::vector<int> in(128), expected(128);
  for (int k = 0; k < 128; ++k) in[k] = k * k;
  for (int k = 0; k < 128; ++k) expected[k] = in[(127 - k) ^ 1] + 1;
  const Array<int> device_in(in);
  expect_silence([&] {
    const Array<int> out(128);
    object_barrier<<<1, 128>>>(device_in.data(), out.data());
    ASSERT_EQ(expected, out.values());
  });
}

/// Warp 0 produces, warp 1 consumes.
__global__ void named_barrier(int* out) {
  __shared__ int values[32];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  if (warp == 0) {
    values[lane] = lane * 3;
    asm volatile("bar.arrive 1, 64;" ::: "memory");
  } else {
    asm volatile("bar.sync 1, 64;" ::: "memory");
    out[lane] = values[31 - lane];
  }
}

TEST(Barriers, ProducerAndConsumerWarps) {
  expect_silence([&] {
    const Array<int> out(32);
    named_barrier<<<1, 64>>>(out.data());
    const std::vector<int> values = out.values();
    for (int k = 0; k < 32; ++k) ASSERT_EQ((31 - k) * 3, values[k]);
  });
}

}  // namespace
