#pragma once

#include "kernels/cuda/code_tiles.hpp"
#include "kernels/cuda/histogram_kernels.hpp"
#include "kernels/cuda/row_stream.cuh"

/// Codes on their way into shared memory, a chunk of samples at a time, by 16-byte words whatever their alignment.
namespace kullback::cuda {

/// One side of a chunk in shared memory.
struct StagedChunk {
  const char* memory;
  std::uint32_t origin, pitch, skew;  ///< skew: how much further in its 16-byte word each sample begins

  __device__ const char* at(int sample) const {
    const auto s = static_cast<std::uint32_t>(sample);
    return memory + s * pitch + ((origin + s * skew) & (kWordBytes - 1));
  }
  /// Samples that are `step` times this apart begin at the same place of 4 bytes and a multiple of 4 bytes apart.
  __device__ int period(int step) const {
    const auto s = static_cast<std::uint32_t>(step);
    int period = 1;
    while ((s * period * skew & (kWordBytes - 1)) != 0 || (s * period * pitch & 3) != 0) period *= 2;
    return period;
  }
};

/// Bytes of device memory that may be read.
struct Readable {
  const char *first, *last;

  __device__ bool holds(const char* word) const { return word >= first && word + kWordBytes <= last; }

  /// Starts copying a 16-byte word. Of one that reaches beyond the readable bytes the others are cleared.
  __device__ void copy(char* to, const char* word) const {
    if (holds(word)) {
      __pipeline_memcpy_async(to, word, kWordBytes);
      return;
    }
#pragma unroll
    for (int i = 0; i < kWordBytes; i += 4) {
      std::uint32_t four = 0;
      if (word + i >= first && word + i + 4 <= last) {
        four = *reinterpret_cast<const std::uint32_t*>(word + i);
      } else {
        for (int k = i; k < i + 4; ++k) {
          if (word + k >= first && word + k < last) four |= static_cast<std::uint8_t>(word[k]) << (k - i) * 8;
        }
      }
      *reinterpret_cast<std::uint32_t*>(to + i) = four;
    }
  }
};

/// Starts copying the image of [start, start + bytes), by all threads of the block.
__device__ inline void load_image(char* memory, const char* start, int bytes, const Readable& readable) {
  const int begin = misalignment(start), words = (begin + bytes + kWordBytes - 1) / kWordBytes;
  start -= begin;
  for (int w = static_cast<int>(threadIdx.x); w < words; w += static_cast<int>(blockDim.x)) {
    readable.copy(memory + w * kWordBytes, start + w * kWordBytes);
  }
}

/// A vector of codes, chunk by chunk.
class StagedVector {
 public:
  __device__ StagedVector(const CodeSide& side, const StageShape&, std::int64_t batch, int, std::int64_t samples)
      : element_bytes_(side.element_bytes) {
    readable_.first = side.data + batch * side.batch_bytes;
    readable_.last = readable_.first + samples * element_bytes_;
  }

  /// Starts copying samples [first, first + count); all threads of the block share the work. The caller commits.
  __device__ void load(char* memory, std::int64_t first, int count) const {
    load_image(memory, readable_.first + first * element_bytes_, count * element_bytes_, readable_);
  }
  /// The chunk that begins with sample `first`, once it is in `memory`.
  __device__ StagedChunk chunk(const char* memory, std::int64_t first) const {
    const auto origin = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(readable_.first));
    const auto pitch = static_cast<std::uint32_t>(element_bytes_);
    return {memory, origin + static_cast<std::uint32_t>(first) * pitch, pitch, 0};
  }

 private:
  Readable readable_;
  int element_bytes_;
};

/// Columns of a table of codes. The samples of a chunk are one image where the tile covers the table, else one each.
class StagedTable {
 public:
  __device__ StagedTable(const CodeSide& side, const StageShape& shape, std::int64_t col, int cols,
                         std::int64_t samples)
      : data_(side.data + col * side.element_bytes),
        sample_bytes_(side.sample_bytes),
        before_(col * side.element_bytes),
        after_((side.cols - col) * side.element_bytes),
        bytes_(cols * side.element_bytes),
        pitch_(shape.pitch),
        line_words_(shape.line_words),
        together_(shape.together) {
    dense_ = before_ + after_ == sample_bytes_;
    table_ = {side.data, side.data + samples * sample_bytes_};
  }

  __device__ void load(char* memory, std::int64_t first, int count) const {
    const char* start = data_ + first * sample_bytes_;
    if (together_) return load_image(memory, start, count * bytes_, table_);
    const int rank = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
    int line = rank / line_words_, word = rank % line_words_;
    while (line < count) {
      const char* codes = start + line * sample_bytes_;
      const int begin = misalignment(codes), at = word * kWordBytes;
      if (at < begin + bytes_) {
        // Where there is no padding the neighbours' codes may be read, too.
        const Readable readable = dense_ ? table_ : Readable{codes - before_, codes + after_};
        readable.copy(memory + line * pitch_ + at, codes - begin + at);
      }
      line += threads / line_words_, word += threads % line_words_;
      if (word >= line_words_) word -= line_words_, ++line;
    }
  }
  __device__ StagedChunk chunk(const char* memory, std::int64_t first) const {
    const auto origin = reinterpret_cast<std::uintptr_t>(data_) + static_cast<std::uintptr_t>(first * sample_bytes_);
    return {memory, static_cast<std::uint32_t>(origin), static_cast<std::uint32_t>(pitch_),
            together_ ? 0 : static_cast<std::uint32_t>(sample_bytes_)};
  }

 private:
  const char* data_;
  std::int64_t sample_bytes_, before_, after_;  // before, after: from a sample's first column to its row's ends
  int bytes_, pitch_, line_words_;
  bool together_, dense_;
  Readable table_;
};

}  // namespace kullback::cuda
