# A CronJob names an owner of the constraint's list.
package kigenowner

violation contains {"msg": msg} if {
	cron_job := input.review.object
	owner := object.get(cron_job.metadata, ["annotations", "kigen.dev/owner"], "")
	not owner in input.parameters.owners
	msg := sprintf(
		"CronJob %s %s: annotate it with kigen.dev/owner, one of %s",
		[cron_job.metadata.name, problem(owner), concat(", ", input.parameters.owners)],
	)
}

problem("") := "has no owner"

problem(owner) := sprintf("has the unknown owner %s", [owner]) if owner != ""
