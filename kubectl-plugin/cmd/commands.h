#pragma once

#include "kubectl-plugin/args.h"
#include "kubectl-plugin/session.h"

// Each verb adds itself to the command line. `session` must outlive the run.
namespace gantry::kubectl {

void AddApp(const Command& root, Session* session);
void AddApply(const Command& root, Session* session);
void AddAudit(const Command& root, Session* session);
void AddCompose(const Command& root, Session* session);
// Below `compose`.
void AddConvert(const Command& compose, Session* session);
void AddDelete(const Command& root, Session* session);
void AddDescribe(const Command& root, Session* session);
void AddEncryption(const Command& root, Session* session);
void AddExec(const Command& root, Session* session, const std::vector<std::string>* after_dashes);
void AddGet(const Command& root, Session* session);
void AddImport(const Command& root, Session* session);
void AddLifecycle(const Command& root, Session* session);
void AddLogs(const Command& root, Session* session);
void AddNode(const Command& root, Session* session);
void AddResources(const Command& root, Session* session);
void AddRollout(const Command& root, Session* session);
void AddScale(const Command& root, Session* session);
void AddTemplate(const Command& root, Session* session);
void AddUser(const Command& root, Session* session);
void AddVersion(const Command& root, Session* session);
void AddWait(const Command& root, Session* session);

}  // namespace gantry::kubectl
