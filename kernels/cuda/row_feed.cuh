#pragma once

#include "kernels/cuda/group.cuh"
#include "kernels/cuda/row_stream.cuh"

/// How rows reach a group chunk by chunk: a short row, of a part of a warp, lies on chip already and is one chunk; the
/// chunks of a long row, of a block, are under way while they are summed. Column c of a chunk is that of thread
/// c % (threads).
namespace kullback::cuda {

template <class Element> inline constexpr int kColumnsPerThread = kRowPolicy.columns_per_thread;
template <> inline constexpr int kColumnsPerThread<double> = kRowPolicy.columns_per_thread / 2;
template <> inline constexpr int kColumnsPerThread<AnyElement> = kRowPolicy.columns_per_thread / 2;

/// Columns of a thread in a chunk.
template <class Element> inline constexpr int kChunkColumns = kRowPolicy.bytes_per_thread / sizeof(Element);
template <> inline constexpr int kChunkColumns<AnyElement> = kRowPolicy.bytes_per_thread / sizeof(double);

/// Some adjacent columns of the row at hand, in shared memory.
struct Chunk {
  char *p, *q;         // where they begin; a side that is not read is null
  std::int64_t first;  // the first of them
  int count;
};

/// One side of a row: where it comes from, and its place in shared memory: all of it, or a ring of chunks.
class StreamedSide {
 public:
  /// `row`: null for a side that is not used. `memory`: where the word goes that holds the row's first byte.
  __device__ StreamedSide(const char* row, DType dtype, std::int64_t cols, int chunk_columns, char* memory,
                          bool resident)
      : span_(row, cols * static_cast<std::int64_t>(size_of(dtype)), static_cast<int>(size_of(dtype))),
        memory_(memory),
        used_(row != nullptr),
        resident_(resident),
        chunk_bytes_(chunk_columns * static_cast<int>(size_of(dtype))) {}

  /// Where chunk k begins; null for a side that is not used.
  __device__ char* chunk(std::int64_t k) const { return is_used() ? place(k) + span_.begin : nullptr; }

  __device__ void load(std::int64_t k, int rank, int size) const {
    if (!is_used() || k * chunk_bytes_ + span_.begin >= span_.end) return;
    const std::int64_t word = first_word(k);
    // A resident row's chunks share the word between them, which the one before has loaded; a ring's have one each.
    const bool shared_word = resident_ && k > 0 && span_.begin > 0;
    span_.load(word + shared_word, last_word(k), place(k) + (shared_word ? kWordBytes : 0), rank, size);
  }
  /// Copies the chunk, which a group has changed, to a row of the same alignment, once all threads are done with it.
  /// Its neighbours may change the words at its ends at the same time: those are written element by element.
  __device__ void store(std::int64_t k, char* row, int rank, int size) const {
    const std::int64_t begin = k * chunk_bytes_;
    const std::int64_t bytes = min(static_cast<std::int64_t>(chunk_bytes_), span_.end - span_.begin - begin);
    const WordSpan own(row + begin, bytes, span_.element_bytes);
    own.store(0, own.words(), place(k), rank, size);
  }

 private:
  __device__ bool is_used() const { return used_; }
  __device__ std::int64_t first_word(std::int64_t k) const { return k * (chunk_bytes_ / kWordBytes); }
  __device__ std::int64_t last_word(std::int64_t k) const {
    return min(span_.words(), first_word(k + 1) + (span_.begin > 0));
  }
  __device__ char* place(std::int64_t k) const {
    if (resident_) return memory_ + static_cast<std::uint32_t>(k) * chunk_bytes_;
    return memory_ + static_cast<std::uint32_t>(k) % kRowPolicy.ring_chunks * (chunk_bytes_ + kWordBytes);
  }

  WordSpan span_;
  char* memory_;
  bool used_, resident_;
  int chunk_bytes_;
};

/// A row (or a pair) and its threads. The first sweep runs behind the copies, unless `loaded`; if the row is resident,
/// later ones read it on chip, else they copy it again.
template <class Element, Threads kThreads = Threads::either> class RowFeed {
 public:
  static constexpr int kPerLane = kColumnsPerThread<Element>;

  RowGroup<kThreads> group;

  __device__ RowFeed(const RowGroup<kThreads>& threads, std::int64_t cols, const StreamedSide& p, const StreamedSide& q,
                     bool resident, bool loaded)
      : group(threads),
        cols_(cols),
        p_(p),
        q_(q),
        resident_(resident),
        loaded_(loaded),
        chunks_((cols + chunk_columns() - 1) / chunk_columns()) {}

  /// Of a block's threads in a chunk. Short rows have no more.
  static __device__ int chunk_columns() { return kChunkColumns<Element> * static_cast<int>(blockDim.x); }
  static_assert(kChunkColumns<Element> * kRowPolicy.warp_block_threads >= kRowPolicy.warp_columns);

  /// Where the rows lie on chip after a sweep; null if they do not stay there.
  __device__ const char* row_p() const { return loaded_ ? p_.chunk(0) : nullptr; }
  __device__ const char* row_q() const { return loaded_ ? q_.chunk(0) : nullptr; }

  /// body(chunk) for every chunk.
  template <class Body> __device__ void sweep(Body body) {
    run(body, [](std::int64_t) {});
  }
  /// After each chunk, P's columns in shared memory, which the body has changed, go to `destination` (if it is not
  /// null), a row whose alignment is P's. Rows that were on chip before are left to whoever loaded them.
  template <class Body> __device__ void sweep_and_store(Body body, char* destination) {
    if (destination == nullptr || !group.is_block()) return sweep(body);
    run(body, [&](std::int64_t k) {
      group.sync();
      p_.store(k, destination, group.rank(), group.size());
    });
  }

 private:
  /// body(chunk), then after(its number), for every chunk.
  template <class Body, class After> __device__ void run(Body body, After after) {
    constexpr int kAhead = kRowPolicy.chunks_ahead;
    static_assert(kAhead < kRowPolicy.ring_chunks);
    if (!loaded_) {
      for (std::int64_t k = 0; k < kAhead; ++k) load(k);
    }
    for (std::int64_t k = 0; k < chunks_; ++k) {
      if (!loaded_) {
        load(k + kAhead);
        __pipeline_wait_prior(kAhead);
        group.sync();
      }
      const std::int64_t first = k * chunk_columns(), count = min(cols_ - first, std::int64_t{chunk_columns()});
      body(Chunk{p_.chunk(k), q_.chunk(k), first, static_cast<int>(count)});
      after(k);
      if (!resident_) group.sync();  // a copy may take the place of a chunk
    }
    loaded_ = resident_;
  }
  __device__ void load(std::int64_t k) const {
    p_.load(k, group.rank(), group.size());
    q_.load(k, group.rank(), group.size());
    __pipeline_commit();
  }

  std::int64_t cols_;
  StreamedSide p_, q_;
  bool resident_, loaded_;
  std::int64_t chunks_;
};

}  // namespace kullback::cuda
