#include "kubectl-plugin/print/progress.h"

#include <ostream>

namespace gantry::kubectl {

void Progress::Show(const std::string& text) {
  if (text == shown_) return;
  shown_ = text;
  if (io_.err_tty) {
    io_.err << "\r\033[K" << text << std::flush;
  } else {
    io_.err << text << std::endl;
  }
}

void Progress::Clear() {
  if (io_.err_tty && !shown_.empty()) io_.err << "\r\033[K" << std::flush;
  shown_.clear();
}

}  // namespace gantry::kubectl
