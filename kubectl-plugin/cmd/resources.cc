#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/table.h"

namespace gantry::kubectl {

void AddResources(const Command& root, Session* session) {
  const Command verb = root.Add("api-resources", "show what the server serves");
  verb.Runs([session]() -> Result<int> {
    GANTRY_TRY_SET(const Mapper* mapper, session->mapper());
    ColumnWriter columns(session->io().out);
    columns.Row({"NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"});
    for (const ServedResource& r : mapper->all()) {
      if (r.verbs.empty()) continue;
      columns.Row({r.resource.plural, fmt::format("{}", fmt::join(r.short_names, ",")),
                   r.resource.gvk().group_version().ToString(),
                   r.resource.namespaced ? "true" : "false", r.resource.kind});
    }
    columns.Flush();
    return 0;
  });
}

}  // namespace gantry::kubectl
