#include "kubectl-plugin/print/table.h"

#include <algorithm>
#include <ostream>

#include "apis/machinery/meta/object.h"

namespace gantry::kubectl {
namespace {

constexpr size_t kGap = 3;

// Code points, which is what a terminal shows for most of them.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return toupper(c); });
  return text;
}

// One line of text, whatever the cell holds.
std::string CellText(const Json& cell) {
  if (cell.is_null()) return "<none>";
  if (!cell.is_string()) return DumpJson(cell);
  std::string text = cell.get<std::string>();
  if (text.empty()) return "";
  if (const size_t end = text.find_first_of("\r\n"); end != std::string::npos) {
    text = text.substr(0, end) + "...";
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text;
}

std::string LabelsText(const Json& labels) {
  std::string out;
  for (const auto& item : labels.items()) {
    if (!out.empty()) out += ',';
    out += item.key() + "=" + (item.value().is_string() ? item.value().get<std::string>() : "");
  }
  return out.empty() ? "<none>" : out;
}

}  // namespace

void ColumnWriter::Flush() {
  for (const auto& row : rows_) {
    if (widths_.size() < row.size()) widths_.resize(row.size());
    for (size_t i = 0; i + 1 < row.size(); ++i)
      widths_[i] = std::max(widths_[i], Width(row[i]) + kGap);
  }
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths_[i] - Width(row[i]), ' ');
    }
    out_ << line << '\n';
  }
  rows_.clear();
  out_.flush();
}

void TablePrinter::Add(const Json& table) {
  if (definitions_.empty()) {
    const Json& definitions = GetArray(table, "columnDefinitions");
    definitions_.assign(definitions.begin(), definitions.end());
  }
  const auto shown = [this](size_t i) {
    return options_.wide || GetInt(definitions_[i], "priority") == 0;
  };
  if (!std::exchange(header_done_, true) && options_.headers) {
    std::vector<std::string> header;
    if (options_.with_namespace) header.push_back("NAMESPACE");
    for (size_t i = 0; i < definitions_.size(); ++i) {
      if (shown(i)) header.push_back(Upper(GetString(definitions_[i], "name")));
    }
    for (const std::string& label : options_.label_columns) {
      header.push_back(Upper(label.substr(label.rfind('/') + 1)));
    }
    if (options_.show_labels) header.push_back("LABELS");
    columns_->Row(std::move(header));
  }
  for (const Json& row : GetArray(table, "rows")) {
    const Json& metadata = GetObject(GetObject(row, "object"), "metadata");
    const Json& cells = GetArray(row, "cells");
    std::vector<std::string> out;
    if (options_.with_namespace) out.push_back(GetString(metadata, "namespace"));
    for (size_t i = 0; i < definitions_.size() && i < cells.size(); ++i) {
      if (!shown(i)) continue;
      const bool name = i == 0 && !options_.name_prefix.empty();
      out.push_back(name ? options_.name_prefix + CellText(cells[i]) : CellText(cells[i]));
    }
    const Json& labels = GetObject(metadata, "labels");
    for (const std::string& label : options_.label_columns) {
      out.push_back(GetString(labels, label.c_str()));
    }
    if (options_.show_labels) out.push_back(LabelsText(labels));
    columns_->Row(std::move(out));
  }
}

}  // namespace gantry::kubectl
