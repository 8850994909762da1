#include "host/cli/plot_program.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/options.hpp"
#include "host/cli/report.hpp"

extern char** environ;

namespace kullback::cli {
namespace {

std::size_t longest(const std::vector<std::string>& names) {
  std::size_t most = 0;
  for (const std::string& name : names) most = std::max(most, name.size());
  return most;
}

/// Size of the picture in pixels; names have their room beside what is drawn.
struct Canvas {
  std::size_t width, height;

  explicit Canvas(const Plot& plot) {
    constexpr std::size_t kLetter = 7;
    const bool bars = plot.width == 0;
    width = kLetter * longest(plot.rows) + (bars ? 760 : std::clamp<std::size_t>(22 * plot.width, 320, 880) + 200);
    height = bars ? 18 * plot.height + 110
                  : kLetter * longest(plot.columns) + std::clamp<std::size_t>(22 * plot.height, 200, 880) + 120;
  }
};

constexpr std::size_t kMostRectangles = 10000;

// The colours of matplotlib's map of this name, which gnuplot has from 6.0 on.
constexpr const char* kViridis = "0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725'";

// Drawn by matplotlib: the plot as JSON on stdin.
constexpr const char* kPython = R"(
import json, math, sys
import matplotlib
matplotlib.use("svg")
from matplotlib import pyplot
plot = json.load(sys.stdin)
figure, axes = pyplot.subplots(figsize=(plot["size"][0] / 96, plot["size"][1] / 96), layout="constrained")
text = dict(parse_math=False)
values = [math.nan if v is None else v for v in plot["values"]]
rows, columns, height, width = plot["rows"], plot["columns"], plot["height"], plot["width"]
if width:
    lines = [values[i * width:(i + 1) * width] for i in range(height)]
    image = axes.imshow(lines, aspect="auto", interpolation="nearest")
    figure.colorbar(image).set_label(plot["value"], **text)
    if columns:
        axes.set_xticks(range(width), columns, rotation=90, **text)
else:
    axes.barh(range(height), values, color="#3b6ea5")
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_xlabel(plot["value"], **text)
axes.set_yticks(range(height), rows, **text) if rows else None
axes.set_title(plot["title"], **text)
figure.savefig(sys.stdout.buffer, format="svg")
)";

/// In quotes in which gnuplot expands nothing; a line end would end them.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (char c : text) result += c == '\'' ? "''" : std::string(1, static_cast<unsigned char>(c) < ' ' ? ' ' : c);
  return result + "'";
}

std::string tics(const char* axis, const std::vector<std::string>& names, const char* more) {
  if (names.empty()) return "";
  std::string text = fmt::format("set {}tics {} (", axis, more);
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", quoted(names[i]), i);
  return text + ")\n";
}

std::string gnuplot_script(const Plot& plot) {
  const Canvas canvas(plot);
  std::string text = fmt::format(
      "set encoding utf8\nset terminal svg size {},{} noenhanced standalone background '#ffffff'\n"
      "set title {}\nunset key\nset tics out nomirror\n",
      canvas.width, canvas.height, quoted(plot.title));
  text += tics("y", plot.rows, "") + tics("x", plot.columns, "rotate by 90 right");
  text += fmt::format("set yrange [{}:-0.5]\n$values << END\n", static_cast<double>(plot.height) - 0.5);
  const std::size_t line = std::max<std::size_t>(plot.width, 1);
  for (std::size_t i = 0; i < plot.values.size(); ++i) {
    const double v = plot.values[i];
    text += (std::isfinite(v) ? fmt::format("{}", v) : "NaN") + (i % line + 1 == line ? "\n" : " ");
  }
  text += "END\n";
  if (plot.width == 0) {
    return text + fmt::format(
                      "set xlabel {}\nset xrange [*<0:0<*]\nset style fill solid noborder\n"
                      "plot $values using 1:0:(0):1:($0-0.4):($0+0.4) with boxxyerror linecolor rgb '#3b6ea5'\n",
                      quoted(plot.value));
  }
  // Rectangles where there are few: viewers blur the pixels of an image, which cannot be of a single row either.
  const char* cells = plot.values.size() > kMostRectangles
                          ? "with image"
                          : "using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror linecolor palette";
  return text + fmt::format(
                    "set cblabel {}\nset xrange [-0.5:{}]\nset palette defined ({})\nset style fill solid "
                    "noborder\nplot $values matrix {}\n",
                    quoted(plot.value), static_cast<double>(plot.width) - 0.5, kViridis, cells);
}

std::string json_text(const Plot& plot) {
  const Canvas canvas(plot);
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (double v : plot.values) values.push_back(std::isfinite(v) ? nlohmann::ordered_json(v) : nullptr);
  const nlohmann::ordered_json object = {
      {"title", plot.title},   {"value", plot.value}, {"rows", plot.rows}, {"columns", plot.columns},
      {"height", plot.height}, {"width", plot.width}, {"values", values},  {"size", {canvas.width, canvas.height}}};
  return text_of(object);
}

/// The program of this name on PATH; empty if there is none.
std::string on_path(const std::string& name) {
  const char* path = std::getenv("PATH");
  const std::string text = path == nullptr ? "" : path;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(':', begin), text.size());
    const std::string file = text.substr(begin, end - begin) + "/" + name;
    begin = end + 1;
    struct stat info;
    if (stat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

using TemporaryFile = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// Without a name: it is gone with the process.
TemporaryFile temporary_file() {
  TemporaryFile file(std::tmpfile(), std::fclose);
  require(file != nullptr, fmt::format("--plot: no temporary file can be made: {}", std::strerror(errno)));
  return file;
}

/// Its status as of waitpid, or -1 if it cannot be started.
int run(const std::string& path, const std::vector<std::string>& arguments, int in, int out, int error) {
  std::vector<char*> words = {const_cast<char*>(path.c_str())};
  for (const std::string& a : arguments) words.push_back(const_cast<char*>(a.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
  pid_t child;
  const bool started = posix_spawn(&child, path.c_str(), &actions, nullptr, words.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  while (started && waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

/// The last line that says something.
std::string last_line(std::FILE* file) {
  std::rewind(file);
  std::string last;
  char line[512];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    std::string text = line;
    text.erase(text.find_last_not_of(" \n\r\t") + 1);
    text.erase(0, std::min(text.find_first_not_of(" \t"), text.size()));
    if (!text.empty()) last = text;
  }
  return last;
}

bool is_complete_svg(int fd) {
  char end[64] = {};
  const off_t size = lseek(fd, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof end));
  const ssize_t count = pread(fd, end, sizeof end, from);
  return count > 0 && std::string(end, static_cast<std::size_t>(count)).find("</svg>") != std::string::npos;
}

}  // namespace

PlotProgram PlotProgram::find() {
  const std::string gnuplot = on_path("gnuplot");
  if (!gnuplot.empty()) return {gnuplot, true};
  const std::string python = on_path("python3");
  if (!python.empty()) {
    const TemporaryFile nothing = temporary_file();
    const int fd = fileno(nothing.get());
    if (run(python, {"-c", "import matplotlib"}, fd, fd, fd) == 0) return {python, false};
  }
  throw InvalidArgument(
      "--plot needs a program that draws, and there is neither gnuplot nor python3 with matplotlib on PATH: install "
      "one of them (apt-get install gnuplot-nox, or pip install matplotlib)");
}

void PlotProgram::draw(const Plot& plot, const OutputFile& file) const {
  const TemporaryFile input = temporary_file(), error = temporary_file();
  const std::string text = is_gnuplot_ ? gnuplot_script(plot) : json_text(plot);
  const bool handed_over = std::fwrite(text.data(), 1, text.size(), input.get()) == text.size() &&
                           std::fflush(input.get()) == 0 && std::fseek(input.get(), 0, SEEK_SET) == 0;
  require(handed_over, "--plot: the data cannot be written to a temporary file");
  const std::vector<std::string> arguments =
      is_gnuplot_ ? std::vector<std::string>{"-"} : std::vector<std::string>{"-c", kPython};
  const int status = run(path_, arguments, fileno(input.get()), file.fd(), fileno(error.get()));
  const std::string said = last_line(error.get());
  require(status == 0, fmt::format("--plot: {} failed{}{}", path_, said.empty() ? "" : ": ", said));
  require(is_complete_svg(file.fd()),
          fmt::format("--plot: {} wrote no complete SVG{}{}", path_, said.empty() ? "" : ": ", said));
}

}  // namespace kullback::cli
