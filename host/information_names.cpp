#include "kullback/information.hpp"

namespace kullback {
namespace {

constexpr Information kAll[] = {Information::mi,
                                Information::nmi,
                                Information::ami,
                                Information::entropy_x,
                                Information::entropy_y,
                                Information::joint_entropy,
                                Information::conditional_entropy_x,
                                Information::conditional_entropy_y,
                                Information::homogeneity,
                                Information::completeness,
                                Information::v_measure,
                                Information::g,
                                Information::g_pvalue,
                                Information::permutation_pvalue,
                                Information::miller_madow,
                                Information::samples};

}  // namespace

InformationInfo information_info(Information measure) noexcept {
  switch (measure) {  // name, scaled, needs counts, conditional
    case Information::mi: return {"mi", true, false, true};
    case Information::nmi: return {"nmi", false, false, false};
    case Information::ami: return {"ami", false, true, false};
    case Information::entropy_x: return {"entropy_x", true, false, true};
    case Information::entropy_y: return {"entropy_y", true, false, true};
    case Information::joint_entropy: return {"joint_entropy", true, false, true};
    case Information::conditional_entropy_x: return {"conditional_entropy_x", true, false, true};
    case Information::conditional_entropy_y: return {"conditional_entropy_y", true, false, true};
    case Information::homogeneity: return {"homogeneity", false, false, false};
    case Information::completeness: return {"completeness", false, false, false};
    case Information::v_measure: return {"v_measure", false, false, false};
    case Information::g: return {"g", false, true, true};
    case Information::g_pvalue: return {"g_pvalue", false, true, true};
    case Information::permutation_pvalue: return {"permutation_pvalue", false, true, true};
    case Information::miller_madow: return {"miller_madow", true, true, false};
    case Information::samples: return {"samples", false, true, true};
  }
  return {"", false, false, false};
}

std::optional<Information> parse_information(std::string_view name) noexcept {
  if (name == "information_gain" || name == "cmi") return Information::mi;
  if (name == "conditional_entropy") return Information::conditional_entropy_y;
  for (Information m : kAll) {
    if (name == information_info(m).name) return m;
  }
  return std::nullopt;
}

InformationSet all_information() noexcept {
  InformationSet set;
  for (Information m : kAll) set.push_back(m);
  return set;
}

}  // namespace kullback
