# A CronJob needs an objective: its annotation, or an Objective of its namespace that names or selects it.
package kigenobjective

violation contains {"msg": msg} if {
	cron_job := input.review.object
	not annotated(cron_job)
	not declared(cron_job)
	msg := sprintf(
		"CronJob %s has no objective: annotate it with kigen.dev/complete-by, or declare an Objective that selects it",
		[cron_job.metadata.name],
	)
}

annotated(cron_job) if cron_job.metadata.annotations["kigen.dev/complete-by"]

declared(cron_job) if {
	some objective in data.inventory.namespace[cron_job.metadata.namespace]["kigen.dev/v1alpha1"].Objective
	selects(objective.spec.batch, cron_job)
}

selects(batch, cron_job) if batch.cronJob == cron_job.metadata.name

selects(batch, cron_job) if {
	wanted := batch.selector.matchLabels
	every key, value in wanted {
		cron_job.metadata.labels[key] == value
	}
}
