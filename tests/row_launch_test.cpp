#include "kernels/cuda/row_launch.hpp"

#include <gtest/gtest.h>

#include "kernels/policy.hpp"

/// How rows are laid out on devices of every size; needs none.
namespace kullback::cuda {
namespace {

// CUDA C++ Programming Guide, technical specifications: shared memory of a block of sm_75, 86, 80 and 90, with opt-in.
constexpr std::int64_t kSharedBytes[] = {64 << 10, 99 << 10, 163 << 10, 227 << 10};
constexpr std::int64_t kReserved = 8 << 10;

TEST(RowShape, FitsEveryDevice) {
  for (std::int64_t shared : kSharedBytes) {
    const DeviceLimits limits = {40, shared};
    for (const auto& [dtype, chunk_columns, threads] :
         {std::tuple{DType::f32, 16, 384}, {DType::bf16, 32, 384}, {DType::f64, 8, 256}, {DType::u8, 8, 256}}) {
      for (std::int64_t cols : {0, 1, 9, 300, 1000, 1024, 1025, 8192, 8193, 30'000, 50'257, 128'256, 1'048'576}) {
        for (int sides : {1, 2}) {
          SCOPED_TRACE(std::to_string(shared) + " bytes, " + name_of(dtype) + " x " + std::to_string(cols) + " x " +
                       std::to_string(sides));
          const MatrixView view = {nullptr, dtype, 1000, cols, cols};
          const RowShape shape =
              row_shape({&view, sides == 2 ? &view : nullptr}, 1000, cols, 1000, threads, chunk_columns, limits);
          EXPECT_LE(static_cast<std::int64_t>(shape.launch.shared_bytes), shared - kReserved);
          EXPECT_GE(shape.launch.blocks, 1);
          const std::int64_t row_bytes = sides * cols * static_cast<std::int64_t>(size_of(dtype));
          const std::int64_t rows_on_chip = shape.launch.threads / shape.row_threads;
          if (shape.resident) {
            EXPECT_GE(static_cast<std::int64_t>(shape.launch.shared_bytes), row_bytes * rows_on_chip);
          }
          EXPECT_EQ(shape.resident, row_bytes + sides * 32 <= shared - kReserved);
          EXPECT_TRUE(shape.row_threads == shape.launch.threads ||
                      (shape.row_threads <= 32 && cols <= kRowPolicy.warp_columns));
        }
      }
    }
  }
}

TEST(RowShape, FitsAGrid) {
  constexpr std::int64_t kMany = std::int64_t{1} << 50;
  for (std::int64_t cols : {1, 5000, 50'000}) {
    const MatrixView view = {nullptr, DType::f32, kMany, cols, cols};
    EXPECT_EQ(row_shape({&view, nullptr}, kMany, cols, kMany, 384, 16, {132, 227 << 10}).launch.blocks,
              kMostBlocksOfGrid);
  }
}

}  // namespace
}  // namespace kullback::cuda
