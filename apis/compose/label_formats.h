#pragma once

#include <string>

#include "apis/compose/values.h"

// The formats of labels whose values are not acted on yet, so that a template that is accepted now
// is right when they are.
namespace gantry::compose {

// Checks the value of `name` (without its prefix); reports what is wrong with it. REQUIRES: the
// label is in the table of labels.
bool CheckLabelFormat(const std::string& name, const KeyValue& entry, Diagnostics* diag);

// Checks that stand on several labels of one service, given by name without prefix.
void CheckLabelSets(const std::map<std::string, KeyValue>& labels, Diagnostics* diag);

}  // namespace gantry::compose
