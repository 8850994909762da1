/// What a program under test can ask of the executor, found with dlsym(RTLD_DEFAULT, ...) or declared weak.
#pragma once

extern "C" {

/// How many findings there are, and the k-th different one; "" beyond the last.
int ptxsim_error_count();
const char* ptxsim_error(int k);
/// Forgets findings and errors, sticky ones too.
void ptxsim_clear();
/// Sets what an environment variable would: "order", "seed", "slice", "check", "lockstep", "threads", "counters",
/// "lines", "failexit", "exitok".
void ptxsim_option(const char* name, const char* value);
/// Instructions executed by threads since the start.
unsigned long long ptxsim_instruction_count();
}
