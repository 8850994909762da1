#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

constexpr unsigned kThreads = 256;

/// Writes a kernel that loads the operands of thread %i, executes the instruction and stores the results.
class KernelText {
 public:
  KernelText(const std::string& instruction, const OperandTable& operands, const ValueType& d, const ValueType& p)
      : instruction_(instruction) {
    const char* names = "abce";
    for (const ValueType* type : operands.types) operand(std::string(1, *names++), *type);
    result("d", d);
    result("p", p);
    text_ = ".visible .entry kernel(.param .u32 count" + parameters_ +
            ")\n{\n.reg .b32 %i, %n;\n.reg .b64 %at;\n.reg .pred %beyond;\n" + registers_ +
            "mov.u32 %n, %ctaid.x;\nmov.u32 %i, %tid.x;\nmad.lo.s32 %i, %n, " + std::to_string(kThreads) +
            ", %i;\nld.param.u32 %n, [count];\nsetp.ge.u32 %beyond, %i, %n;\n@%beyond bra done;\n" + loads_ + "{\n" +
            instruction_ + "\n}\n" + stores_ + "done:\nret;\n}\n";
  }
  const std::string& text() const { return text_; }

 private:
  void declare(const std::string& name, const ValueType& type) {
    parameters_ += ", .param .u64 array_" + name;
    registers_ += ".reg " + bit_type(type.size) + " %" + name + ";\n";
    if (type.is_predicate) registers_ += ".reg .pred %is_" + name + ";\n";
    const std::string reg = (type.is_predicate ? "%is_" : "%") + name;
    for (std::size_t at; (at = instruction_.find("$" + name)) != std::string::npos;) instruction_.replace(at, 2, reg);
  }
  static std::string point_at(const std::string& name, const ValueType& type) {
    return "ld.param.u64 %at, [array_" + name + "];\nmad.wide.u32 %at, %i, " + std::to_string(type.size) + ", %at;\n";
  }
  void operand(const std::string& name, const ValueType& type) {
    declare(name, type);
    loads_ += point_at(name, type) + "ld.global" + bit_type(type.size) + " %" + name + ", [%at];\n";
    if (type.is_predicate) loads_ += "setp.ne.u32 %is_" + name + ", %" + name + ", 0;\n";
  }
  void result(const std::string& name, const ValueType& type) {
    declare(name, type);
    loads_ += "mov" + bit_type(type.size) + " %" + name + ", 0;\n";  // for instructions without this result
    if (type.is_predicate) stores_ += "selp.b32 %" + name + ", 1, 0, %is_" + name + ";\n";
    stores_ += point_at(name, type) + "st.global" + bit_type(type.size) + " [%at], %" + name + ";\n";
  }

  std::string instruction_, parameters_, registers_, loads_, stores_, text_;
};

/// A column in device memory, an element of 2, 4 or 8 bytes for each thread.
std::vector<std::uint8_t> packed(const std::vector<std::uint64_t>& column, unsigned size) {
  std::vector<std::uint8_t> bytes(column.size() * size);
  for (std::size_t n = 0; n < column.size(); ++n) std::memcpy(&bytes[n * size], &column[n], size);
  return bytes;
}

std::uint64_t element(const std::vector<std::uint8_t>& bytes, std::size_t index, unsigned size) {
  std::uint64_t value = 0;
  std::memcpy(&value, &bytes[index * size], size);
  return value;
}

}  // namespace

void OperandTable::fill(unsigned random_count) {
  std::vector<std::vector<std::uint64_t>> rows{{}};
  for (const ValueType* type : types) {
    std::vector<std::vector<std::uint64_t>> longer;
    for (const std::vector<std::uint64_t>& row : rows) {
      for (const std::uint64_t value : type->edges()) {
        longer.push_back(row);
        longer.back().push_back(value);
      }
    }
    rows = std::move(longer);
  }
  std::mt19937_64 random(kSeed);
  for (unsigned k = 0; k < random_count; ++k) {
    rows.emplace_back();
    for (const ValueType* type : types) rows.back().push_back(type->random(random));
  }
  for (const std::vector<std::uint64_t>& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) columns[k].push_back(row[k]);
  }
}

std::vector<ResultBits> apply(const std::string& instruction, const OperandTable& operands, const ValueType& d_type,
                              const ValueType& p_type) {
  Program program(KernelText(instruction, operands, d_type, p_type).text());
  const std::size_t count = operands.size();
  LaunchConfig config;
  config.kernel = program.module().find("kernel");
  config.grid.x = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  config.block.x = kThreads;
  config.parameters.resize(config.kernel->parameter_bytes);
  std::size_t index = 0;
  const auto pass = [&](std::uint64_t value) {
    const Variable& parameter = config.kernel->parameters[index++];
    std::memcpy(&config.parameters[parameter.offset], &value, parameter.size);
  };
  pass(count);
  std::vector<std::unique_ptr<DeviceArray<std::uint8_t>>> arrays;
  for (std::size_t k = 0; k < operands.columns.size(); ++k) {
    arrays.push_back(std::make_unique<DeviceArray<std::uint8_t>>(packed(operands.columns[k], operands.types[k]->size)));
    pass(arrays.back()->address());
  }
  const DeviceArray<std::uint8_t> d(count * d_type.size), p(count * p_type.size);
  pass(d.address());
  pass(p.address());
  EXPECT_EQ(Fault::none, run(config)) << instruction;
  const std::vector<std::uint8_t> d_bytes = d.values(), p_bytes = p.values();
  std::vector<ResultBits> results;
  for (std::size_t n = 0; n < count; ++n) {
    results.emplace_back(element(d_bytes, n, d_type.size), element(p_bytes, n, p_type.size));
  }
  return results;
}

namespace {

/// Some of the rows, in whole warps.
OperandTable some_of(const OperandTable& operands) {
  constexpr std::size_t kWarps = 10;
  const std::size_t step = 1 + operands.size() / kWarpSize / kWarps;
  OperandTable some{operands.types, std::vector<std::vector<std::uint64_t>>(operands.columns.size())};
  for (std::size_t k = 0; k < operands.columns.size(); ++k) {
    for (std::size_t n = 0; n < operands.size(); ++n) {
      if (n / kWarpSize % step == 0) some.columns[k].push_back(operands.columns[k][n]);
    }
  }
  return some;
}

}  // namespace

void compare(const std::string& instruction, const OperandTable& operands, const ValueType& d, const ValueType& p,
             const OracleBits& oracle) {
  constexpr unsigned kMaxShown = 3;
  const OptionScope scope;
  options().check = false;
  for (const int lockstep : {1, 0}) {
    options().lockstep = lockstep;
    const OperandTable table = lockstep == 1 ? operands : some_of(operands);
    const std::vector<ResultBits> results = apply(instruction, table, d, p);
    unsigned shown = 0;
    for (std::size_t n = 0; n < table.size() && shown < kMaxShown; ++n) {
      std::vector<std::uint64_t> row;
      for (const auto& column : table.columns) row.push_back(column[n]);
      const ResultBits expected = oracle(row.data());
      if (d.same(results[n].first, expected.first) && p.same(results[n].second, expected.second)) continue;
      ++shown;
      std::string values;
      for (std::size_t k = 0; k < row.size(); ++k) values += " " + table.types[k]->text(row[k]);
      ADD_FAILURE() << instruction << "\n  of" << values << "\n  gives    " << d.text(results[n].first) << ", "
                    << p.text(results[n].second) << "\n  expected " << d.text(expected.first) << ", "
                    << p.text(expected.second) << "\n  lockstep " << lockstep << ", seed " << kSeed;
    }
  }
}

}  // namespace ptxsim::test
