#pragma once

#include <string>
#include <vector>

#include "host/cli/output_file.hpp"

namespace kullback::cli {

/// What is drawn: bars, or a matrix as a heat map.
struct Plot {
  std::string title, value;           ///< value: what the numbers are
  std::vector<std::string> rows;      ///< names of bars, from the top, or of the matrix's rows; empty: not shown
  std::vector<std::string> columns;   ///< the same of the matrix's columns
  std::size_t height = 0, width = 0;  ///< of the matrix; width 0: bars
  std::vector<double> values;         ///< [height, width] or [height]; what is not finite is left blank
};

/// Another program that draws: gnuplot if it is on PATH, else python3 with matplotlib.
class PlotProgram {
 public:
  /// Throws InvalidArgument, saying what to install, if there is neither.
  static PlotProgram find();

  /// The plot as SVG in the file, which is not finished. Throws InvalidArgument if the program fails or what it wrote
  /// is not complete.
  void draw(const Plot& plot, const OutputFile& file) const;

 private:
  PlotProgram(std::string path, bool gnuplot) : path_(std::move(path)), is_gnuplot_(gnuplot) {}

  std::string path_;
  bool is_gnuplot_;
};

}  // namespace kullback::cli
