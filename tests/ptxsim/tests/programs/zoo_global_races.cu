/// Zoo of seeded bugs: races between blocks, each beside a correct twin.
#include "executor.cuh"

using namespace executor;

namespace {

constexpr int kBlocks = 4, kThreads = 64;

// ---- blocks that add to one number without an atomic
template <bool kCorrect> __global__ void accumulate(float* sum) {
  if (threadIdx.x != 0) return;
  if (kCorrect) {
    atomicAdd(sum, 1.f);
  } else {
    *sum += 1.f;
  }
}

TEST(ZooGlobalRaces, SumWithoutAtomic) {
  const Array<float> sum(1);
  expect_report(R"(RACE .* of global byte 0 of 4: .* of .*accumulate.*, earlier thread 0 of another block)",
                [&] { accumulate<false><<<kBlocks, kThreads>>>(sum.data()); });
  expect_silence([&] { accumulate<true><<<kBlocks, kThreads>>>(sum.data()); });
}

// ---- a counter that is cleared by one thread and counted up by all
template <bool kCorrect> __global__ void clear_and_count(unsigned* count) {
  if (threadIdx.x == 0) *count = 0;
  if (kCorrect) __syncthreads();
  atomicAdd(count, 1u);
}

__global__ void clear_for_all_blocks(unsigned* count) {
  if (threadIdx.x != 0) return;
  if (blockIdx.x == 0) *count = 0;
  atomicAdd(count, 1u);
}

TEST(ZooGlobalRaces, ClearedAndCounted) {
  const Array<unsigned> count(1);
  expect_report(R"(RACE write->write of global byte 0 of 4: .* of .*clear_)",
                [&] { clear_and_count<false><<<1, kThreads>>>(count.data()); });
  expect_silence([&] { clear_and_count<true><<<1, kThreads>>>(count.data()); });
  EXPECT_EQ(kThreads, count.values()[0]);
  expect_report(R"(RACE write->write of global byte 0 of 4: .* of .*clear_)",
                [&] { clear_for_all_blocks<<<kBlocks, kThreads>>>(count.data()); });
}

// ---- the last block adds the partial results of all: who publishes needs a fence
template <bool kCorrect> __global__ void last_block(float* partial, unsigned* count, float* out) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = 1.f;
    if (kCorrect) __threadfence();
    last = atomicAdd(count, 1u) % gridDim.x == gridDim.x - 1;
  }
  __syncthreads();
  if (!last || threadIdx.x != 0) return;
  if (kCorrect) __threadfence();
  float sum = 0;
  for (unsigned k = 0; k < gridDim.x; ++k) sum += partial[k];
  *out = sum;
}

TEST(ZooGlobalRaces, LastBlockWithoutFence) {
  const Array<float> partial(kBlocks), out(1);
  const Array<unsigned> count(1);
  expect_report(R"(RACE write->read of global byte \d+ of 16: .* of .*last_block)",
                [&] { last_block<false><<<kBlocks, kThreads>>>(partial.data(), count.data(), out.data()); });
  expect_silence([&] { last_block<true><<<kBlocks, kThreads>>>(partial.data(), count.data(), out.data()); });
  EXPECT_EQ(kBlocks, out.values()[0]);
}

// ---- the fence of one thread publishes the block's data only after a barrier
template <bool kCorrect> __global__ void publish_block(float* data, unsigned* count, float* out) {
  __shared__ unsigned ticket;
  data[blockIdx.x * blockDim.x + threadIdx.x] = 1.f;
  if (kCorrect) __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    ticket = atomicAdd(count, 1u);
    __threadfence();
  }
  __syncthreads();
  if (ticket % gridDim.x != gridDim.x - 1) return;
  float sum = 0;
  for (unsigned k = 0; k < gridDim.x; ++k) sum += data[k * blockDim.x + threadIdx.x];
  out[threadIdx.x] = sum;
}

TEST(ZooGlobalRaces, FenceWithoutBarrier) {
  const Array<float> data(kBlocks * kThreads), out(kThreads);
  const Array<unsigned> count(1);
  expect_report(R"(RACE write->read of global byte \d+ of 1024: .* of .*publish_block)",
                [&] { publish_block<false><<<kBlocks, kThreads>>>(data.data(), count.data(), out.data()); });
  expect_silence([&] { publish_block<true><<<kBlocks, kThreads>>>(data.data(), count.data(), out.data()); });
  EXPECT_EQ(kBlocks, out.values()[kThreads - 1]);
}

// ---- the reader needs a fence as well, and a barrier for who has not read the counter itself
template <bool kFence, bool kBarrier> __global__ void last_block_reads(float* partial, unsigned* count, float* out) {
  __shared__ volatile bool last;
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = 1.f;
    __threadfence();
    last = atomicAdd(count, 1u) % gridDim.x == gridDim.x - 1;
    if (kFence) __threadfence();
  }
  if (kBarrier) __syncthreads();
  const unsigned reader = kBarrier ? blockDim.x - 1 : 0;
  if (threadIdx.x != reader || !last) return;
  float sum = 0;
  for (unsigned k = 0; k < gridDim.x; ++k) sum += partial[k];
  *out = sum;
}

TEST(ZooGlobalRaces, ReaderWithoutFence) {
  const Array<float> partial(kBlocks), out(1);
  const Array<unsigned> count(1);
  const std::string race = R"(RACE write->read of global byte \d+ of 16: .* of .*last_block_reads)";
  const auto run = [&](auto kernel) {
    return [&, kernel] { kernel<<<kBlocks, kThreads>>>(partial.data(), count.data(), out.data()); };
  };
  expect_report(race, run(last_block_reads<false, true>));
  expect_report(race, run(last_block_reads<false, false>));
  expect_silence(run(last_block_reads<true, true>));
  expect_silence(run(last_block_reads<true, false>));
  EXPECT_EQ(kBlocks, out.values()[0]);
}

// ---- one thread sees the flag, another reads
template <bool kCorrect> __global__ void flag_for_another(int* data, unsigned* count, int* out) {
  __shared__ volatile unsigned ticket;
  if (threadIdx.x == 0) {
    data[blockIdx.x] = 1;
    __threadfence();
    ticket = atomicAdd(count, 1u);
    __threadfence();
  }
  if (kCorrect) __syncthreads();
  if (threadIdx.x != 40) return;
  if (kCorrect && ticket % gridDim.x != gridDim.x - 1) return;
  out[0] = data[0] + data[gridDim.x - 1];
}

TEST(ZooGlobalRaces, FlagSeenByAnotherThread) {
  const Array<int> data(kBlocks), out(1);
  const Array<unsigned> count(1);
  expect_report(R"(RACE write->read of global byte \d+ of 16: .* of .*flag_for_another|RACE read->write)",
                [&] { flag_for_another<false><<<kBlocks, kThreads>>>(data.data(), count.data(), out.data()); });
  expect_silence([&] { flag_for_another<true><<<kBlocks, kThreads>>>(data.data(), count.data(), out.data()); });
  EXPECT_EQ(2, out.values()[0]);
}

// ---- rows that overlap by one element
template <bool kCorrect> __global__ void rows(int* out, int width) {
  const int last = kCorrect ? width : width + 1;
  for (int column = threadIdx.x; column < last && blockIdx.x * width + column < gridDim.x * width;
       column += blockDim.x) {
    out[blockIdx.x * width + column] = static_cast<int>(blockIdx.x);
  }
}

TEST(ZooGlobalRaces, OverlappingRows) {
  const Array<int> out(kBlocks * 100);
  expect_report(R"(RACE write->write of global byte \d+ of 1600: .* of .*rows)",
                [&] { rows<false><<<kBlocks, kThreads>>>(out.data(), 100); });
  expect_silence([&] { rows<true><<<kBlocks, kThreads>>>(out.data(), 100); });
}

// ---- two launches are ordered: what one writes, the next may read
__global__ void shift(const int* in, int* out, int size) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[(k + kThreads) % size];
}

TEST(ZooGlobalRaces, LaunchesAreOrdered) {
  const int size = kBlocks * kThreads;
  const Array<int> a(size), b(size);
  expect_silence([&] {
    shift<<<kBlocks, kThreads>>>(a.data(), b.data(), size);
    shift<<<kBlocks, kThreads>>>(b.data(), a.data(), size);
  });
  expect_report(R"(RACE .* of global byte \d+ of 1024: .* of .*shift)",
                [&] { shift<<<kBlocks, kThreads>>>(a.data(), a.data(), size); });
}

}  // namespace
