#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::compose {

// Object names of an application's parts by their names in the document: `<app>-<slug>`, where the
// slug keeps letters (lower case), digits and dashes. A short hash of the part's own name follows
// where slugs collide (a part that is spelled like its slug keeps the plain name), where nothing is
// left of a name, and where it would be too long: a slot and a suffix must still fit in a DNS
// label.
std::map<std::string, std::string> ObjectNames(std::string_view application,
                                               const std::vector<std::string>& parts);

// A key of a Secret for `variable`: `<prefix>.<variable>`, with what keys cannot hold replaced and
// then made unique by a short hash.
std::string SecretKey(std::string_view prefix, std::string_view variable);

}  // namespace gantry::compose
