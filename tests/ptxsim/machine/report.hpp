/// Telling what is wrong with the program under test, and stopping where this executor itself cannot go on.
#pragma once
#include <string>

namespace ptxsim {

class Warp;
struct Instruction;
struct InstructionInfo;

/// Exit status 99: unsupported PTX, or something that cannot be done here.
[[noreturn]] void stop(const std::string& why);

/// A finding about the program under test. Findings with the same key are counted and told once.
void report(const std::string& key, const std::string& text);
/// Of findings of a kind at an instruction.
std::string report_key(const char* kind, const Instruction& at);
/// The same for findings that may come in millions: whether it was told before, in which case it is only counted.
bool already_reported(const std::string& key);

int report_count();
/// The k-th different finding, "" if there are fewer.
const char* report_text(int k);
void clear_reports();

/// "block(0,0,0) thread(1,0,0) of kernel at file.cu:12 (PTX line 80)"
std::string describe(const Warp& warp, unsigned lane);
std::string describe(const Warp& warp, unsigned lane, const InstructionInfo& at);
/// "file.cu:12 (PTX line 80)"
std::string describe(const InstructionInfo& instruction);
std::string demangle(const std::string& name);

}  // namespace ptxsim
