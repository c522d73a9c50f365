#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <ostream>

#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/yaml/yaml.h"
#include "kubectl-plugin/applier.h"
#include "kubectl-plugin/cmd/commands.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/manifests.h"
#include "kubectl-plugin/mapper.h"
#include "kubectl-plugin/print/table.h"
#include "kubectl-plugin/templates.h"

namespace gantry::kubectl {
namespace {

struct TemplateFlags {
  std::vector<std::string> words;
  std::string version;
  std::string output;
  std::string file;
  std::string description;
};

Result<std::string> OneName(const TemplateFlags& flags) {
  if (flags.words.size() != 1) return LocalError("exactly one template name is required");
  return flags.words[0];
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// All words stand in the name, the description or the keywords.
bool Matches(const Object& object, const v1::TemplateSpec& spec,
             const std::vector<std::string>& words) {
  const std::string text = Lower(
      fmt::format("{} {} {}", object.name(), spec.description, fmt::join(spec.keywords, " ")));
  return std::all_of(words.begin(), words.end(), [&text](const std::string& word) {
    return text.find(Lower(word)) != std::string::npos;
  });
}

Result<int> List(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::vector<Object> templates, AllTemplates(session));
  ColumnWriter columns(session.io().out);
  columns.Row({"NAME", "ORIGIN", "VERSIONS", "DESCRIPTION"});
  bool any = false;
  for (const Object& object : templates) {
    const v1::TemplateSpec spec = v1::TemplateSpec::From(object);
    if (!Matches(object, spec, flags.words)) continue;
    std::vector<std::string> versions;
    for (const v1::TemplateVersion& version : spec.versions) versions.push_back(version.version);
    columns.Row({std::string(object.name()),
                 v1::IsSample(object) ? "gantry" : std::string(object.ns()),
                 fmt::format("{}", fmt::join(versions, ",")), spec.description});
    any = true;
  }
  if (any) {
    columns.Flush();
  } else {
    session.io().err << "no template found" << std::endl;
  }
  return 0;
}

Result<int> Show(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::string name, OneName(flags));
  GANTRY_TRY_SET(const Object object, FindTemplate(session, name));
  const v1::TemplateSpec spec = v1::TemplateSpec::From(object);
  GANTRY_TRY_SET(const v1::TemplateVersion* const version, VersionOf(spec, name, flags.version));
  std::ostream& out = session.io().out;
  std::vector<std::string> versions;
  for (const v1::TemplateVersion& v : spec.versions) versions.push_back(v.version);
  out << "Name:         " << object.name() << "\nNamespace:    " << object.ns()
      << (v1::IsSample(object) ? " (comes with Gantry, read-only)" : "")
      << "\nDescription:  " << spec.description
      << fmt::format("\nKeywords:     {}\nVersions:     {}\n\nVersion {}",
                     fmt::join(spec.keywords, ", "), fmt::join(versions, ", "), version->version)
      << (version->notes.empty() ? "" : ": " + version->notes) << "\n\n";
  if (!version->parameters.empty()) {
    ColumnWriter columns(out);
    columns.Row({"PARAMETER", "TYPE", "DEFAULT", "DESCRIPTION"});
    for (const v1::TemplateParameter& p : version->parameters) {
      std::string type = p.type;
      if (!p.options.empty()) type = fmt::format("{}", fmt::join(p.options, "|"));
      columns.Row({p.name, type, p.default_value.value_or("<required>"), p.description});
    }
    columns.Flush();
    out << "\n";
  }
  out << version->compose;
  return 0;
}

Result<int> Download(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::string name, OneName(flags));
  GANTRY_TRY_SET(const Object object, FindTemplate(session, name));
  const v1::TemplateSpec spec = v1::TemplateSpec::From(object);
  GANTRY_TRY_SET(const v1::TemplateVersion* const version, VersionOf(spec, name, flags.version));
  if (flags.output.empty() || flags.output == "-") {
    session.io().out << version->compose;
    return 0;
  }
  std::ofstream file(flags.output, std::ios::trunc);
  file << version->compose;
  file.close();
  if (!file) return LocalError(fmt::format("write {}: failed", flags.output));
  session.io().out << "version " << version->version << " of template " << name << " written to "
                   << flags.output << std::endl;
  return 0;
}

Result<int> Delete(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::string name, OneName(flags));
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY(client->Delete(session.ctx(), v1::kTemplates, {ns, name}));
  session.io().out << "template.gantry.dev \"" << name << "\" deleted" << std::endl;
  return 0;
}

// Stores a Compose file, as another version when the template is there already.
Result<int> Create(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::string name, OneName(flags));
  if (flags.file.empty()) return LocalError("-f FILE with the Compose document is required");
  GANTRY_TRY_SET(const std::string text, ReadTextFile(session.io(), flags.file));
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  Result<Object> had = client->Get(session.ctx(), v1::kTemplates, {ns, name});
  if (!had.ok() && had.code() != Code::kNotFound) return had.error();
  Object object = had.ok() ? *had : Object(v1::kTemplates.gvk(), {ns, name});
  Json& spec = object.mutable_spec();
  if (!flags.description.empty()) spec["description"] = flags.description;
  if (!spec.contains("versions")) spec["versions"] = Json::array();
  const std::string version =
      flags.version.empty() ? fmt::format("{}", spec["versions"].size() + 1) : flags.version;
  if (v1::TemplateSpec::From(object).Find(version) != nullptr)
    return LocalError(
        fmt::format("template \"{}\" has a version \"{}\" already; name another one "
                    "with --version, or use `template edit`",
                    name, version));
  Json added = {{"version", version}, {"compose", text}};
  // What the version before asked for, this one may ask for, too.
  const auto parameters =
      spec["versions"].empty() ? Json() : GetAny(spec["versions"].back(), "parameters");
  if (parameters.is_array()) added["parameters"] = parameters;
  spec["versions"].push_back(std::move(added));
  GANTRY_TRY(had.ok() ? client->Update(session.ctx(), v1::kTemplates, object)
                      : client->Create(session.ctx(), v1::kTemplates, object));
  session.io().out << fmt::format("template.gantry.dev/{} version {} {}", name, version,
                                  had.ok() ? "added" : "created")
                   << std::endl;
  return 0;
}

// Runs $KUBE_EDITOR, $EDITOR or vi on a file, as `kubectl edit` does.
Status RunEditor(const std::string& path) {
  const char* editor = std::getenv("KUBE_EDITOR");
  if (editor == nullptr || *editor == '\0') editor = std::getenv("EDITOR");
  if (editor == nullptr || *editor == '\0') editor = "vi";
  const std::string command = std::string(editor) + " \"$0\"";
  const pid_t child = fork();
  if (child < 0) return LocalError("the editor cannot be started");
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", command.c_str(), path.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return OkStatus();
  return LocalError(fmt::format("the editor \"{}\" failed; nothing was changed", editor));
}

// A file for the editor, gone at the end.
class EditedFile {
 public:
  static Result<EditedFile> Make(const std::string& text) {
    char path[] = "/tmp/kubectl-gantry-edit-XXXXXX.yaml";
    const int fd = mkstemps(path, 5);
    if (fd < 0) return LocalError("a temporary file cannot be made");
    close(fd);
    std::ofstream(path) << text;
    return EditedFile(path);
  }
  explicit EditedFile(std::string path) : path_(std::move(path)) {}
  EditedFile(EditedFile&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  EditedFile& operator=(EditedFile&&) = delete;
  ~EditedFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<int> Edit(Session& session, const TemplateFlags& flags) {
  GANTRY_TRY_SET(const std::string name, OneName(flags));
  GANTRY_TRY_SET(const client::Client* const client, session.client());
  GANTRY_TRY_SET(const std::string ns, session.ns());
  GANTRY_TRY_SET(Object object, client->Get(session.ctx(), v1::kTemplates, {ns, name}));
  object.Meta().erase("managedFields");
  const std::string before = yaml::ToYaml(object.json());
  GANTRY_TRY_SET(const EditedFile file, EditedFile::Make(before));
  GANTRY_TRY(RunEditor(file.path()));
  GANTRY_TRY_SET(const std::string after, ReadTextFile(session.io(), file.path()));
  if (after == before) {
    session.io().out << "Edit cancelled, no changes made." << std::endl;
    return 0;
  }
  GANTRY_TRY_SET(const auto documents, yaml::ParseYaml(after));
  if (documents.size() != 1)
    return LocalError("the file must hold one object; nothing was changed");
  client::WriteOptions options;
  options.field_validation = "Strict";
  GANTRY_TRY(client->Update(session.ctx(), v1::kTemplates, Object(documents[0].value), options));
  session.io().out << "template.gantry.dev/" << name << " edited" << std::endl;
  return 0;
}

}  // namespace

void AddTemplate(const Command& root, Session* session) {
  const Command parent = root.Add("template", "work with stored applications");
  auto flags = std::make_shared<TemplateFlags>();
  const auto verb = [&](const char* name, const char* help, const char* usage,
                        Result<int> (*run)(Session&, const TemplateFlags&)) {
    Command command = parent.Add(name, help, usage);
    command.Words(&flags->words, "the template's name");
    command.Runs([session, flags, run] { return run(*session, *flags); });
    return command;
  };
  constexpr char kVersionHelp[] = "the version; default: the newest";
  verb("list", "show the templates of the namespace and those that come with Gantry",
       "kubectl-gantry template list", List);
  verb("search", "show those with all the words in name, description or keywords",
       "kubectl-gantry template search WORD...", List);
  verb("show", "show a template's parameters and its document",
       "kubectl-gantry template show NAME [--version V]", Show)
      .Text("--version", &flags->version, kVersionHelp);
  verb("download", "write a template's Compose document to a file or standard output",
       "kubectl-gantry template download NAME [--version V] [-o FILE]", Download)
      .Text("--version", &flags->version, kVersionHelp)
      .Text("-o,--output", &flags->output, "the file to write; default: standard output");
  verb("create", "store a Compose file as a template, or as its next version",
       "kubectl-gantry template create NAME -f docker-compose.yml [--version V]", Create)
      .Text("-f,--file", &flags->file, "the Compose file, or - for standard input")
      .Text("--version", &flags->version, "the version's name; default: the next number")
      .Text("--description", &flags->description, "what the template makes");
  verb("edit", "change a template in an editor", "kubectl-gantry template edit NAME", Edit);
  verb("delete", "delete a template", "kubectl-gantry template delete NAME", Delete);
}

}  // namespace gantry::kubectl
