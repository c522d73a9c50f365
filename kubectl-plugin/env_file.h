#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

namespace gantry::kubectl {

struct EnvLine {
  std::string name;
  std::optional<std::string> value;  // nothing for a name alone
  bool literal = false;              // a `$` in the value is just that
};

// The lines of a .env file as Compose reads them: `NAME=value`, `export NAME=value`, `NAME`,
// comments. A value in single quotes is taken as it is; one in double quotes may have \n, \r, \t,
// \", \\ and \$; behind one without quotes a comment may begin with ` #`. Quoted values may go over
// several lines. With `raw` everything behind `=` is the value. An error names `path` and the line.
Result<std::vector<EnvLine>> ParseEnvFile(std::string_view text, const std::string& path,
                                          bool raw = false);

}  // namespace gantry::kubectl
