#pragma once

#include "kernels/cuda/code_tiles.hpp"

/// What the host's part of the joint-histogram engine knows of its kernels.
namespace kullback::cuda {

/// How one side of a chunk lies in shared memory.
struct StageShape {
  bool together;   ///< its samples are one image, else one image each
  int pitch;       ///< bytes from a sample to the next
  int line_words;  ///< 16-byte words of an image, at most
  int bytes;       ///< of the side
};

/// Counting tiles [first_tile, first_tile + tiles) into tables in the workspace. A tile's blocks: a part of its samples
/// and a band of x's classes each. Blocks that read the same samples are neighbours.
struct CountLaunch {
  CodeSide x, y;
  StageShape stage_x, stage_y;  ///< stage_y.bytes = 0: a tile on the diagonal is all there is
  Tiling tiling;
  std::int64_t first_tile, samples;
  unsigned tiles;
  unsigned parts;              ///< blocks that share the samples of a tile
  std::int64_t part_samples;   ///< of each but the last
  unsigned bands;              ///< blocks that share the classes of x, each of which counts those of its band
  std::uint32_t band_lines;    ///< classes of a band
  int slots;                   ///< of a table in shared memory: those of a tile, several times where they are few
  int chunk_samples;           ///< in shared memory at a time
  std::int64_t tile_counters;  ///< of a tile in the workspace
  void* counters;
  bool wide;  ///< 64-bit counters, else 32-bit; those of a block are always 32-bit
};

inline constexpr int kCountThreads = 512;  ///< of a block, at most

/// Kernels by the columns of a lane's block: a pair of vectors, 4 x 1, 4 x 4.
struct CountKernels {
  void (*pair)(CountLaunch launch);
  void (*column)(CountLaunch launch);
  void (*square)(CountLaunch launch);
};
extern const CountKernels kCountBytes;  ///< codes of one byte on both sides
extern const CountKernels kCountAny;
/// Tables that do not fit shared memory are counted in device memory.
extern void (*const kCountInMemory)(CountLaunch launch);

}  // namespace kullback::cuda
