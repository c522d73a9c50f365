#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/print/progress.h"
#include "kubectl-plugin/selection.h"
#include "kubectl-plugin/waiter.h"

namespace gantry::kubectl {
namespace {

struct DeleteFlags {
  SelectionFlags which;
  bool ignore_not_found = false;
  bool wait = true;
  std::string cascade = "background";
  std::string timeout = "0s";
  std::string dry_run;
  std::string output;
};

struct Doomed {
  const ServedResource* type;
  ObjectKey key;
  std::string uid;
};

class Deleter {
 public:
  Deleter(Session* session, const DeleteFlags& flags) : session_(*session), flags_(flags) {}

  Result<int> Run() {
    GANTRY_TRY(ReadOptions());
    GANTRY_TRY_SET(std::vector<Doomed> doomed, Find());
    bool failed = false;
    for (Doomed& d : doomed) {
      if (const Status s = DeleteOne(&d); !s.ok()) {
        if (flags_.ignore_not_found && s.code() == Code::kNotFound) continue;
        session_.io().err << FormatError(s.error()) << "\n";
        failed = true;
        d.uid.clear();
      }
    }
    if (doomed.empty()) session_.io().out << "No resources found\n";
    if (flags_.wait && !options_.dry_run) {
      for (const Doomed& d : doomed) {
        if (!d.uid.empty()) GANTRY_TRY(AwaitGone(d));
      }
    }
    return failed ? 1 : 0;
  }

 private:
  Status ReadOptions() {
    if (flags_.cascade == "background" || flags_.cascade == "true") {
      options_.propagation = client::Propagation::kBackground;
    } else if (flags_.cascade == "foreground") {
      options_.propagation = client::Propagation::kForeground;
    } else if (flags_.cascade == "orphan" || flags_.cascade == "false") {
      options_.propagation = client::Propagation::kOrphan;
    } else {
      return LocalError(fmt::format(
          "invalid cascade value ({}). Must be \"background\", \"foreground\", or \"orphan\"",
          flags_.cascade));
    }
    if (!flags_.dry_run.empty() && flags_.dry_run != "none" && flags_.dry_run != "server") {
      return LocalError(
          fmt::format("invalid --dry-run \"{}\": must be none or server", flags_.dry_run));
    }
    options_.dry_run = flags_.dry_run == "server";
    GANTRY_TRY_SET(timeout_, ParseTimeout(flags_.timeout));
    if (timeout_.count() == 0) timeout_ = -std::chrono::seconds(1);  // without end
    return OkStatus();
  }

  Result<std::vector<Doomed>> Find() {
    GANTRY_TRY_SET(auto objects, SelectObjects(session_, flags_.which, flags_.ignore_not_found));
    // What was applied first is needed longest.
    if (!flags_.which.files.empty()) std::reverse(objects.begin(), objects.end());
    std::vector<Doomed> out;
    for (const NamedObject& o : objects) out.push_back({o.type, o.key, ""});
    return out;
  }

  Status DeleteOne(Doomed* d) {
    GANTRY_TRY_SET(const client::Client* client, session_.client());
    GANTRY_TRY_SET(const Object answer,
                   client->Delete(session_.ctx(), d->type->resource, d->key, options_));
    // A Status with the uid, or the object itself while finalizers hold it.
    const Json& details = GetObject(answer.json(), "details");
    d->uid = answer.uid().empty() ? GetString(details, "uid") : std::string(answer.uid());
    if (flags_.output == "name") {
      session_.io().out << d->type->ObjectName(d->key.name) << std::endl;
      return OkStatus();
    }
    const std::string name = d->type->ObjectName("");
    session_.io().out << name.substr(0, name.size() - 1) << " \"" << d->key.name << "\" deleted"
                      << (options_.dry_run ? " (server dry run)" : "") << std::endl;
    return OkStatus();
  }

  Status AwaitGone(const Doomed& d) {
    Progress progress(session_.io());
    const std::string name = d.type->ObjectName(d.key.name);
    const Status s = WaitForObject(session_, *d.type, d.key, timeout_, [&](const Object* o) {
      if (!o || o->uid() != d.uid) return true;
      const std::string state = StateLine(*o);
      progress.Show(
          fmt::format("waiting for {} to be gone{}", name, state.empty() ? "" : ": " + state));
      return false;
    });
    // The definition of a kind that is gone takes the kind with it.
    if (s.ok() || s.code() == Code::kNotFound) return OkStatus();
    if (s.code() != Code::kTimeout) return s;
    return LocalError(
        fmt::format("timed out waiting for the condition on {}/{}", d.type->Name(), d.key.name));
  }

  Session& session_;
  const DeleteFlags& flags_;
  client::DeleteOptions options_;
  Duration timeout_{};
};

}  // namespace

void AddDelete(const Command& root, Session* session) {
  auto flags = std::make_shared<DeleteFlags>();
  const Command verb =
      root.Add("delete", "delete objects",
               "kubectl-gantry delete (TYPE NAME... | TYPE/NAME... | TYPE -l SELECTOR | "
               "TYPE --all | -f FILE)");
  verb.Words(&flags->which.words, "types and names")
      .List("-f,--filename", &flags->which.files, "delete the objects of these files")
      .Flag("-R,--recursive", &flags->which.recursive, "go down into directories")
      .Flag("--all", &flags->which.all, "all objects of the type")
      .Flag("-A,--all-namespaces", &flags->which.all_namespaces, "of all namespaces")
      .Flag("--ignore-not-found", &flags->ignore_not_found,
            "an object that does not exist is no error")
      .Flag("--wait", &flags->wait, "wait until the objects are gone (the default)")
      .Text("-l,--selector", &flags->which.selector, "only objects with these labels")
      .Text("--cascade", &flags->cascade, "what belongs to them: background, foreground or orphan")
      .Text("--timeout", &flags->timeout, "how long to wait; 0s: without end")
      .Text("--dry-run", &flags->dry_run, "none or server")
      .Text("-o,--output", &flags->output, "name");
  verb.Runs([session, flags] { return Deleter(session, *flags).Run(); });
}

}  // namespace gantry::kubectl
