// The numbers of livekeeper.h under names of C++, and how they are called: name(LK_TASK_STATE_RUNNING) is "running".
#ifndef LIVEKEEPER_NAMES_HPP
#define LIVEKEEPER_NAMES_HPP

#include <livekeeper.h>

namespace livekeeper {

using CapacityKind = lk_capacity_kind;
using CapacityLevel = lk_capacity_level;
using ConfirmationState = lk_confirmation_state;
using ConnectionState = lk_connection_state;
using Decision = lk_decision;
using EventKind = lk_event_kind;
using Health = lk_health;
using HealthCode = lk_health_code;
using ImportOutcome = lk_import_outcome;
using LogLevel = lk_log_level;
using Matching = lk_matching;
using OrderStatus = lk_order_status;
using ReasonCode = lk_reason_code;
using SendResult = lk_send_result;
using StageOutcome = lk_stage_outcome;
using TaskState = lk_task_state;

inline const char *name(CapacityKind kind) noexcept { return lk_capacity_kind_name(kind); }
inline const char *name(CapacityLevel level) noexcept { return lk_capacity_level_name(level); }
inline const char *name(ConfirmationState state) noexcept { return lk_confirmation_state_name(state); }
inline const char *name(ConnectionState state) noexcept { return lk_connection_state_name(state); }
inline const char *name(Decision decision) noexcept { return lk_decision_name(decision); }
inline const char *name(EventKind kind) noexcept { return lk_event_kind_name(kind); }
inline const char *name(Health health) noexcept { return lk_health_name(health); }
inline const char *name(HealthCode code) noexcept { return lk_health_code_name(code); }
inline const char *name(OrderStatus status) noexcept { return lk_order_status_name(status); }
inline const char *name(ReasonCode code) noexcept { return lk_reason_code_name(code); }
inline const char *name(TaskState state) noexcept { return lk_task_state_name(state); }

// The version of the library that runs, such as "0.1.0".
inline const char *version() noexcept { return lk_version(); }

} // namespace livekeeper

#endif
