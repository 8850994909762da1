/// The row engines for one instruction set. The build compiles this file once for each, with KULLBACK_ROW_ENGINES
/// naming the table it defines. Everything else has internal linkage or is always inlined, so that the linker never
/// picks a wider copy for a narrower machine.
#include "kernels/cpu/cross_entropy_rows.hpp"
#include "kernels/cpu/divergence_loss_rows.hpp"

namespace kullback::cpu {

extern const RowEngines KULLBACK_ROW_ENGINES = {rows_range, cross_entropy_range, divergence_loss_range};

}  // namespace kullback::cpu
