/// What a PTX module becomes when it is read: functions of decoded instructions, variables, source locations.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "counters/cost.hpp"
#include "ptx/opcode.hpp"
#include "ptx/shared_window.hpp"
#include "ptx/source_location.hpp"
#include "ptx/types.hpp"

namespace ptxsim {

class Warp;
struct Instruction;
struct Module;

/// What the scheduler does after an instruction: go on to the next one with the same lanes, or choose lanes anew,
/// because the instruction has set the lanes' program counters itself.
enum class Outcome : std::uint8_t { next, regroup };

/// Executes one instruction for the lanes of the mask, which is never empty.
using Execute = Outcome (*)(Warp&, const Instruction&, Mask);

/// A register or a constant. Data registers and constants are counted in rows of 32 lanes x 4 bytes, an 8-byte value
/// takes two; predicates are counted one by one. Constants are negative: ~operand is their row in the pool.
using Operand = std::int32_t;
constexpr Operand kAbsent = INT32_MIN;
constexpr Operand kAlwaysFalse = -1, kAlwaysTrue = -2;  // the constants of type .pred
constexpr unsigned kMaxVector = 8;

/// What the scheduler has to know of an instruction before it executes it.
enum class Flow : std::uint8_t {
  straight,     // goes on to the next instruction
  branch,       // `bra`, which the scheduler does itself
  synchronise,  // may block lanes or let others go on: other lanes' states may have changed afterwards
};

/// The part of an instruction that is read every time it is executed: one cache line.
struct Instruction {
  Execute execute = nullptr;
  const struct InstructionInfo* info = nullptr;
  std::int64_t offset = 0;  // of the address operand
  Operand d = kAbsent, p = kAbsent, a = kAbsent, b = kAbsent, c = kAbsent, e = kAbsent;
  Operand guard = kAbsent;   // the predicate of @p or @!p
  std::uint32_t target = 0;  // branch target, immediate operand, or index of a call or a table
  bool guard_negated = false;
  Flow flow = Flow::straight;
  std::uint8_t d_size = 0, a_size = 0, b_size = 0, c_size = 0;  // of registers, where the type does not tell: 4 or 8
};
static_assert(sizeof(Instruction) <= 64);

/// The rest of it, for reports, counters and rare instructions.
struct InstructionInfo {
  Opcode opcode{""};
  std::string_view text;
  const struct Function* function = nullptr;
  unsigned line = 0;      // of the PTX
  unsigned location = 0;  // index into the module's source locations
  unsigned index = 0;     // unique in the process, for counters and the race checker
  Cost cost;
  std::vector<Operand> vector;              // the registers of { ... }
  std::vector<unsigned> vector_sizes;       // their declared sizes in bytes
  std::int64_t offset_b = 0, offset_c = 0;  // of second and third address operands
  Space symbol_space = Space::generic;      // of the variable that an address operand names
  bool negated = false;                     // a source predicate was written with !
  std::uint32_t used_bytes = ~0u;  // of a load: the bytes that the program looks at (.pragma "used_bytes_mask")
  std::string unsupported;         // why, if it cannot be executed
};

struct Variable {
  std::string name;
  Space space = Space::global;
  std::uint64_t offset = 0;  // in its space; an address for global and constant variables
  std::uint64_t size = 0;
};

/// A call of a function, direct or through a register that holds an address made by Module::function_address.
struct Call {
  std::string callee;
  struct Function* function = nullptr;
  Operand pointer = kAbsent;
  std::vector<Variable> results, arguments;  // where they lie in the caller's parameter frame
};

struct Function {
  std::string name;
  Module* module = nullptr;
  bool is_entry = false;
  std::string_view body;  // parsed at the first launch: most of a program's kernels are never run
  unsigned body_line = 0;
  bool is_parsed = false;

  std::vector<Instruction> code;
  std::vector<std::unique_ptr<InstructionInfo>> infos;
  std::vector<std::uint32_t> constants;  // rows of 32 equal values
  unsigned register_rows = 0, predicates = 0;
  unsigned local_bytes = 0;  // of local memory
  std::vector<Variable> parameters, results;
  unsigned parameter_bytes = 0;  // of the launch's parameter block, or of the frame of arguments
  unsigned frame_bytes = 0;      // the same plus the arguments of calls made from here
  std::vector<Variable> shared;
  unsigned shared_end = kFunctionShared;  // first free offset in the window
  unsigned static_shared_bytes = 0;       // without the gaps that the window has between variables
  bool uses_dynamic_shared = false;
  std::vector<Call> calls;
  std::vector<std::vector<unsigned>> branch_tables;

  // Performance-tuning directives (PTX ISA 11.4) and cluster dimensions (11.7)
  unsigned max_threads = 0;
  unsigned required_cluster[3] = {0, 0, 0};
  bool explicit_cluster = false;

  // What the host has set or read from the cubin
  unsigned registers_per_thread = 0;
  unsigned max_dynamic_shared = 48 * 1024;
  bool non_portable_cluster = false;
};

struct Module {
  std::string text;
  unsigned architecture = 0;
  std::map<std::string, std::unique_ptr<Function>, std::less<>> functions;
  std::map<std::string, Variable, std::less<>> variables;  // global and constant
  std::map<std::string, Variable, std::less<>> shared;     // size 0: the dynamic shared memory of the launch
  std::vector<Function*> addressed;                        // functions whose address is taken
  std::vector<std::string> declared;                       // functions without a body
  SourceLocations locations;
  unsigned shared_end = kModuleShared;

  Function* find(std::string_view name) const;
  /// An address that no memory has, which only a call understands.
  std::uint64_t function_address(Function* function);
  /// nullptr for a number that is not such an address.
  Function* function_at(std::uint64_t address) const;
};

}  // namespace ptxsim
