#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "apis/machinery/base/json.h"

namespace gantry::kubectl {

// Aligned columns. Rows are held until Flush, which aligns them with each other and with all that
// was flushed before, so that the rows of a watch stand under their header.
class ColumnWriter {
 public:
  explicit ColumnWriter(std::ostream& out) : out_(out) {}
  void Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void Flush();

 private:
  std::ostream& out_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
};

struct TableOptions {
  bool wide = false;
  bool headers = true;
  bool with_namespace = false;
  bool show_labels = false;
  std::vector<std::string> label_columns;
  std::string name_prefix;  // `application.gantry.dev/`: when several types are printed
};

// Adds a meta.k8s.io Table to `columns`: with its header the first time.
class TablePrinter {
 public:
  TablePrinter(ColumnWriter* columns, const TableOptions& options)
      : columns_(columns), options_(options) {}
  void Add(const Json& table);

 private:
  ColumnWriter* const columns_;
  const TableOptions options_;
  bool header_done_ = false;
  std::vector<Json> definitions_;  // of the first table; a watch names them only there
};

}  // namespace gantry::kubectl
