/// Warp operations: shuffles, votes, matches, reductions, elections (PTX ISA 9.7.9.6, 9.7.13.2 and 9.7.13.8 ff.).
#include <algorithm>

#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"
#include "machine/warp_operation.hpp"

namespace ptxsim {
namespace {

/// Arrives with the member mask in operand kMembers of the instruction.
template <WarpOperation kOperation, Operand Instruction::*kMembers>
Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
  Mask members[kWarpSize];
  const auto source = warp.in<std::uint32_t>(i.*kMembers);
  for (unsigned lane = 0; lane < kWarpSize; ++lane) members[lane] = source[lane];
  return arrive(warp, i, mask, members, kOperation);
}

template <WarpOperation kOperation, Operand Instruction::*kMembers> Execute operation(const Opcode&, Instruction&) {
  return &execute<kOperation, kMembers>;
}

void sync(const Participants& all) {
  if (all.warp.block->launch().checking) all.warp.block->cluster().race.sync_warp(all.warp, all.mask);
}

// The lane that a shuffle reads, and whether it is inside the segment; `limit` is the segment's end, seen from the
// lane.
struct Choice {
  int lane;
  bool in_segment;
};
struct Up {
  static Choice choose(int lane, int b, int, int limit, int) { return {lane - b, lane - b >= limit}; }
};
struct Down {
  static Choice choose(int lane, int b, int, int limit, int) { return {lane + b, lane + b <= limit}; }
};
struct Butterfly {
  static Choice choose(int lane, int b, int, int limit, int) { return {lane ^ b, (lane ^ b) <= limit}; }
};
struct Index {
  static Choice choose(int, int b, int begin, int limit, int segment) {
    const int from = begin | (b & ~segment);
    return {from, from <= limit};
  }
};

constexpr std::uint32_t kNobodysValue = 0x7fff'dead;  // what is read from a lane that does not take part

/// PTX ISA 9.7.9.6: c holds the clamp value in bits 0 to 4 and the segment mask in bits 8 to 12.
template <class Mode> void shuffle(const Participants& all) {
  Warp& warp = all.warp;
  std::uint32_t result[kWarpSize];
  Mask in_segment = 0;
  for_each_lane(all.mask, [&](unsigned lane) {
    const Instruction& i = all.at(lane);
    const int b = static_cast<int>(warp.value<std::uint32_t>(lane, i.b) & 31);
    const auto c = warp.value<std::uint32_t>(lane, i.c);
    const int clamp = static_cast<int>(c & 31), segment = static_cast<int>(c >> 8 & 31);
    const int me = static_cast<int>(lane);
    const int begin = me & segment;
    Choice choice = Mode::choose(me, b, begin, begin | (clamp & ~segment), segment);
    if (choice.in_segment) in_segment |= Mask{1} << lane;
    if (!choice.in_segment) choice.lane = me;
    if ((all.mask >> choice.lane & 1) == 0) {
      report(report_key("source", i), "WARP: shuffle reads lane " + std::to_string(choice.lane) +
                                          ", which does not take part: " + describe(warp, lane, *i.info));
      result[lane] = kNobodysValue;
      return;
    }
    const auto from = static_cast<unsigned>(choice.lane);
    result[lane] = warp.value<std::uint32_t>(from, all.at(from).a);
  });
  for_each_lane(all.mask, [&](unsigned lane) {
    warp.set_value<std::uint32_t>(lane, all.at(lane).d, result[lane]);
    warp.set_predicate_value(lane, all.at(lane).p, (in_segment >> lane & 1) != 0);
  });
}

/// The lanes whose source predicate holds.
Mask ballot_of(const Participants& all) {
  Mask votes = 0;
  for_each_lane(all.mask, [&](unsigned lane) {
    const Instruction& i = all.at(lane);
    votes |= static_cast<Mask>(all.warp.predicate_value(lane, i.a) != i.info->negated) << lane;
  });
  return votes;
}

void ballot(const Participants& all) {
  const Mask votes = ballot_of(all);
  for_each_lane(all.mask, [&](unsigned lane) { all.warp.set_value<std::uint32_t>(lane, all.at(lane).d, votes); });
}

struct All {
  bool operator()(Mask votes, Mask mask) const { return votes == mask; }
};
struct Any {
  bool operator()(Mask votes, Mask) const { return votes != 0; }
};
struct Uniform {
  bool operator()(Mask votes, Mask mask) const { return votes == mask || votes == 0; }
};

template <class Decide> void vote(const Participants& all) {
  const bool result = Decide()(ballot_of(all), all.mask);
  for_each_lane(all.mask, [&](unsigned lane) { all.warp.set_predicate_value(lane, all.at(lane).d, result); });
}

template <class T> Mask lanes_with(const Participants& all, T value) {
  Mask result = 0;
  for_each_lane(all.mask, [&](unsigned lane) {
    result |= static_cast<Mask>(all.warp.value<T>(lane, all.at(lane).a) == value) << lane;
  });
  return result;
}

template <class T> void match_any(const Participants& all) {
  Mask result[kWarpSize];
  for_each_lane(all.mask,
                [&](unsigned lane) { result[lane] = lanes_with<T>(all, all.warp.value<T>(lane, all.at(lane).a)); });
  for_each_lane(all.mask, [&](unsigned lane) { all.warp.set_value<Mask>(lane, all.at(lane).d, result[lane]); });
}

template <class T> void match_all(const Participants& all) {
  const unsigned first = first_lane(all.mask);
  const bool same = lanes_with<T>(all, all.warp.value<T>(first, all.at(first).a)) == all.mask;
  for_each_lane(all.mask, [&](unsigned lane) {
    all.warp.set_value<Mask>(lane, all.at(lane).d, same ? all.mask : 0);
    all.warp.set_predicate_value(lane, all.at(lane).p, same);
  });
}

template <template <class> class Match> Execute match(const Opcode& opcode, Instruction&) {
  if (opcode.type() == Type::b32) return Match<std::uint32_t>::kExecute;
  return opcode.type() == Type::b64 ? Match<std::uint64_t>::kExecute : nullptr;
}
template <class T> struct MatchAny { static constexpr Execute kExecute = &execute<match_any<T>, &Instruction::b>; };
template <class T> struct MatchAll { static constexpr Execute kExecute = &execute<match_all<T>, &Instruction::b>; };

struct Add {
  template <class T> T operator()(T a, T b) const {
    return static_cast<T>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
  }
};
struct Minimum {
  template <class T> T operator()(T a, T b) const { return std::min(a, b); }
};
struct Maximum {
  template <class T> T operator()(T a, T b) const { return std::max(a, b); }
};
struct And {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a & b; }
};
struct Or {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a | b; }
};
struct Xor {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const { return a ^ b; }
};

template <class Op, class T> void reduce(const Participants& all) {
  const unsigned first = first_lane(all.mask);
  T result = all.warp.value<T>(first, all.at(first).a);
  for_each_lane(all.mask & (all.mask - 1),
                [&](unsigned lane) { result = Op()(result, all.warp.value<T>(lane, all.at(lane).a)); });
  for_each_lane(all.mask, [&](unsigned lane) { all.warp.set_value<T>(lane, all.at(lane).d, result); });
}

template <class Op, class List> Execute reduction(const Opcode& opcode, Instruction&) {
  return for_type(List(), opcode.type(), [](auto tag) -> Execute {
    return &execute<reduce<Op, typename decltype(tag)::type>, &Instruction::b>;
  });
}

/// One of the lanes, here the lowest.
void elect(const Participants& all) {
  const unsigned leader = first_lane(all.mask);
  for_each_lane(all.mask, [&](unsigned lane) {
    all.warp.set_value<std::uint32_t>(lane, all.at(lane).d, leader);
    all.warp.set_predicate_value(lane, all.at(lane).p, lane == leader);
  });
}

Outcome execute_active_mask(Warp& warp, const Instruction& i, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { warp.out<std::uint32_t>(i.d).set(lane, mask); });
  return Outcome::next;
}

Execute active_mask(const Opcode&, Instruction&) { return &execute_active_mask; }

}  // namespace

const Forms& warp_forms() {
  using I = Instruction;
  using U32 = TypeList<std::uint32_t>;
  constexpr auto kShuffle = cost::one<Kind::shuffle>;
  constexpr auto kVote = cost::one<Kind::vote>;
  constexpr auto kRedux = cost::one<Kind::redux>;
  constexpr auto kMatch = cost::one<Kind::match>;
  constexpr auto kBarrier = cost::one<Kind::barrier>;
  constexpr Flow kFlow = Flow::synchronise;
  static const Forms forms = {
      {"bar.warp.sync", "a:b32", "", operation<sync, &I::a>, kBarrier, kFlow},
      {"shfl.sync.up", "d|p, a, b, c, e", "", operation<shuffle<Up>, &I::e>, kShuffle, kFlow},
      {"shfl.sync.down", "d|p, a, b, c, e", "", operation<shuffle<Down>, &I::e>, kShuffle, kFlow},
      {"shfl.sync.bfly", "d|p, a, b, c, e", "", operation<shuffle<Butterfly>, &I::e>, kShuffle, kFlow},
      {"shfl.sync.idx", "d|p, a, b, c, e", "", operation<shuffle<Index>, &I::e>, kShuffle, kFlow},
      {"vote.sync.ballot", "d:b32, !a:pred, b:b32", "", operation<ballot, &I::b>, kVote, kFlow},
      {"vote.sync.all", "d:pred, !a:pred, b:b32", "", operation<vote<All>, &I::b>, kVote, kFlow},
      {"vote.sync.any", "d:pred, !a:pred, b:b32", "", operation<vote<Any>, &I::b>, kVote, kFlow},
      {"vote.sync.uni", "d:pred, !a:pred, b:b32", "", operation<vote<Uniform>, &I::b>, kVote, kFlow},
      {"match.any.sync", "d:b32, a, b:b32", "", match<MatchAny>, kMatch, kFlow},
      {"match.all.sync", "d:b32|p, a, b:b32", "", match<MatchAll>, kMatch, kFlow},
      {"redux.sync.add", "d, a, b:b32", "", reduction<Add, Integers32>, kRedux, kFlow},
      {"redux.sync.min", "d, a, b:b32", "", reduction<Minimum, Integers32>, kRedux, kFlow},
      {"redux.sync.max", "d, a, b:b32", "", reduction<Maximum, Integers32>, kRedux, kFlow},
      {"redux.sync.and", "d, a, b:b32", "", reduction<And, U32>, kRedux, kFlow},
      {"redux.sync.or", "d, a, b:b32", "", reduction<Or, U32>, kRedux, kFlow},
      {"redux.sync.xor", "d, a, b:b32", "", reduction<Xor, U32>, kRedux, kFlow},
      {"elect.sync", "d:b32|p, b:b32", "", operation<elect, &I::b>, kVote, kFlow},
      {"activemask", "d", "", active_mask, kVote},
  };
  return forms;
}

}  // namespace ptxsim
