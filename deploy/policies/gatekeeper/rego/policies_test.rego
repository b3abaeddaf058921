# `opa test deploy/policies/gatekeeper/rego`
package policies_test

import data.kigendeadline
import data.kigenobjective
import data.kigenowner
import data.kigenterminationmessage

cron_job(metadata, job, container) := {"review": {"object": {
	"metadata": object.union({"name": "recommend", "namespace": "ml"}, metadata),
	"spec": {"jobTemplate": {"spec": object.union({"template": {"spec": {"containers": [object.union({"name": "main"}, container)]}}}, job)}},
}}}

annotated(name, value) := {"annotations": {name: value}}

inventory(batch) := {"namespace": {"ml": {"kigen.dev/v1alpha1": {"Objective": {"by-noon": {"spec": {"batch": batch}}}}}}}

test_a_cron_job_without_objective_is_reported if {
	kigenobjective.violation == {{"msg": "CronJob recommend has no objective: annotate it with kigen.dev/complete-by, or declare an Objective that selects it"}} with input as cron_job({}, {}, {})
}

test_the_annotation_is_an_objective if {
	count(kigenobjective.violation) == 0 with input as cron_job(annotated("kigen.dev/complete-by", "0 12 * * *"), {}, {})
}

test_an_objective_names_it if {
	count(kigenobjective.violation) == 0 with input as cron_job({}, {}, {})
		with data.inventory as inventory({"cronJob": "recommend"})
}

test_an_objective_of_another_cron_job_does_not_count if {
	count(kigenobjective.violation) == 1 with input as cron_job({}, {}, {})
		with data.inventory as inventory({"cronJob": "report"})
}

test_an_objective_selects_it_by_all_of_its_labels if {
	selector := {"selector": {"matchLabels": {"tier": "gold", "team": "ml"}}}
	count(kigenobjective.violation) == 0 with input as cron_job({"labels": {"tier": "gold", "team": "ml", "a": "b"}}, {}, {})
		with data.inventory as inventory(selector)
	count(kigenobjective.violation) == 1 with input as cron_job({"labels": {"tier": "gold"}}, {}, {})
		with data.inventory as inventory(selector)
}

test_an_objective_of_another_namespace_does_not_count if {
	elsewhere := {"namespace": {"dwh": {"kigen.dev/v1alpha1": {"Objective": {"a": {"spec": {"batch": {"cronJob": "recommend"}}}}}}}}
	count(kigenobjective.violation) == 1 with input as cron_job({}, {}, {}) with data.inventory as elsewhere
}

owned(owner) := object.union(cron_job(annotated("kigen.dev/owner", owner), {}, {}), {"parameters": {"owners": ["dwh", "recommend-team"]}})

test_a_known_owner if {
	count(kigenowner.violation) == 0 with input as owned("dwh")
}

test_an_unknown_owner_and_none_are_reported if {
	kigenowner.violation == {{"msg": "CronJob recommend has the unknown owner me: annotate it with kigen.dev/owner, one of dwh, recommend-team"}} with input as owned("me")
	kigenowner.violation == {{"msg": "CronJob recommend has no owner: annotate it with kigen.dev/owner, one of dwh"}} with input as object.union(cron_job({}, {}, {}), {"parameters": {"owners": ["dwh"]}})
}

test_a_run_that_is_ended_or_noticed if {
	count(kigendeadline.violation) == 0 with input as cron_job({}, {"activeDeadlineSeconds": 3600}, {})
	count(kigendeadline.violation) == 0 with input as cron_job(annotated("kigen.dev/complete-by", "@daily"), {}, {})
	count(kigendeadline.violation) == 0 with input as cron_job({}, {"template": {"spec": {"activeDeadlineSeconds": 60}}}, {})
	count(kigendeadline.violation) == 1 with input as cron_job({}, {}, {})
}

test_a_container_that_leaves_no_message_is_named if {
	count(kigenterminationmessage.violation) == 0 with input as cron_job({}, {}, {"terminationMessagePolicy": "FallbackToLogsOnError"})
	kigenterminationmessage.violation == {{"msg": "CronJob recommend may fail without an error text: set terminationMessagePolicy FallbackToLogsOnError on main"}} with input as cron_job({}, {}, {"terminationMessagePolicy": "File"})
	count(kigenterminationmessage.violation) == 1 with input as cron_job({}, {}, {})
}
