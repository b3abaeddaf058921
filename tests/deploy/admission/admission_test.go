// Package admission evaluates the expressions below deploy/policies by the code of the API server itself.
package admission

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/openapi"
	"k8s.io/client-go/openapi/openapitest"
	sigsyaml "sigs.k8s.io/yaml"
)

const folder = "../../../deploy/policies/"

var (
	cronJobs = batchv1.SchemeGroupVersion.WithResource("cronjobs")
	cronJob  = batchv1.SchemeGroupVersion.WithKind("CronJob")
)

type manifest struct {
	policies map[string]*admissionv1.ValidatingAdmissionPolicy
	bindings map[string]*admissionv1.ValidatingAdmissionPolicyBinding
	params   *corev1.ConfigMap
}

// The documents of a file.
func documentsOf(t *testing.T, path string) [][]byte {
	t.Helper()
	file, err := os.Open(folder + path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := yaml.NewYAMLReader(bufio.NewReader(file))
	var found [][]byte
	for {
		text, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, text)
	}
}

// The objects of admission.yaml, none of whose fields may be unknown.
func read(t *testing.T) manifest {
	t.Helper()
	found := manifest{
		policies: map[string]*admissionv1.ValidatingAdmissionPolicy{},
		bindings: map[string]*admissionv1.ValidatingAdmissionPolicyBinding{},
	}
	for _, text := range documentsOf(t, "admission.yaml") {
		var kind metav1.TypeMeta
		decode(t, text, &kind, sigsyaml.Unmarshal)
		switch kind.Kind {
		case "ConfigMap":
			found.params = &corev1.ConfigMap{}
			decode(t, text, found.params, sigsyaml.UnmarshalStrict)
		case "ValidatingAdmissionPolicy":
			policy := &admissionv1.ValidatingAdmissionPolicy{}
			decode(t, text, policy, sigsyaml.UnmarshalStrict)
			found.policies[policy.Name] = policy
		case "ValidatingAdmissionPolicyBinding":
			binding := &admissionv1.ValidatingAdmissionPolicyBinding{}
			decode(t, text, binding, sigsyaml.UnmarshalStrict)
			found.bindings[binding.Spec.PolicyName] = binding
		default:
			t.Fatalf("the kind %q is not expected", kind.Kind)
		}
	}
	return found
}

func decode(t *testing.T, text []byte, into any, unmarshal func([]byte, any, ...sigsyaml.JSONOpt) error) {
	t.Helper()
	if err := unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestEachPolicyHasABindingThatWarnsAndRefusesNothing(t *testing.T) {
	found := read(t)
	if len(found.policies) != 4 || len(found.bindings) != 4 {
		t.Fatalf("%d policies, %d bindings", len(found.policies), len(found.bindings))
	}
	for name, policy := range found.policies {
		binding := found.bindings[name]
		if binding == nil {
			t.Fatalf("%s has no binding", name)
		}
		for _, action := range binding.Spec.ValidationActions {
			if action == admissionv1.Deny {
				t.Errorf("%s refuses", name)
			}
		}
		if (policy.Spec.ParamKind == nil) != (binding.Spec.ParamRef == nil) {
			t.Errorf("%s has either a kind or a reference of parameters", name)
		}
		if reference := binding.Spec.ParamRef; reference != nil &&
			(reference.Name != found.params.Name || reference.Namespace != found.params.Namespace) {
			t.Errorf("%s refers to other parameters than those of the file", name)
		}
	}
}

// The API server's documents of its own types, which client-go carries.
type documents struct{ discovery.DiscoveryInterface }

func (documents) OpenAPIV3() openapi.Client { return openapitest.NewEmbeddedFileClient() }

func TestTheExpressionsFitTheTypesOfTheAPIServer(t *testing.T) {
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{batchv1.SchemeGroupVersion})
	mapper.Add(cronJob, meta.RESTScopeNamespace)
	checker := validating.TypeChecker{
		SchemaResolver: &resolver.ClientDiscoveryResolver{Discovery: documents{}},
		RestMapper:     mapper,
	}
	for name, policy := range read(t).policies {
		for _, warning := range checker.Check(policy) {
			t.Errorf("%s: %s: %s", name, warning.FieldRef, warning.Warning)
		}
		misspelt := policy.DeepCopy()
		misspelt.Spec.Validations[0].Expression = "has(object.spec.jobTemplate.spek)"
		if len(checker.Check(misspelt)) == 0 {
			t.Errorf("%s: a field that does not exist is not noticed", name)
		}
	}
}

// What the policies report of each CronJob; an empty text: nothing.
var expected = map[string]map[string]string{
	"samples/good.yaml": {"objective": "", "owner": "", "deadline": "", "termination-message": ""},
	"samples/bare.yaml": {
		"objective":           "CronJob report has no objective: annotate it with kigen.dev/complete-by, or declare an Objective that selects it",
		"owner":               "CronJob report has no owner: annotate it with kigen.dev/owner, one of recommend-team, dwh",
		"deadline":            "CronJob report may hang unnoticed: give its Job activeDeadlineSeconds, or the CronJob a deadline by kigen.dev/complete-by",
		"termination-message": "CronJob report may fail without an error text: set terminationMessagePolicy FallbackToLogsOnError on main",
	},
	"samples/selected.yaml": {
		"objective": "", "deadline": "", "termination-message": "",
		"owner": "CronJob embeddings has the unknown owner someone: annotate it with kigen.dev/owner, one of recommend-team, dwh",
	},
	"../../examples/cronjob.yaml": {"objective": "", "owner": "", "deadline": "", "termination-message": ""},
}

func TestWhatThePoliciesReport(t *testing.T) {
	found := read(t)
	checkReports(t, func(name string, object *unstructured.Unstructured) string {
		policy := found.policies["cronjob-"+name+".kigen.dev"]
		if policy == nil {
			t.Fatalf("there is no policy %s", name)
		}
		return evaluate(t, policy.Spec, found.params, object)
	})
}

// Kyverno has more functions than the API server. Of them the policies use one: the list of Objectives, which is given here.
func TestWhatThePoliciesOfKyvernoReport(t *testing.T) {
	specs := map[string]admissionv1.ValidatingAdmissionPolicySpec{}
	for _, text := range documentsOf(t, "kyverno.yaml") {
		var policy admissionv1.ValidatingAdmissionPolicy
		decode(t, text, &policy, sigsyaml.Unmarshal)
		specs[policy.Name] = policy.Spec
	}
	checkReports(t, func(name string, object *unstructured.Unstructured) string {
		spec, exists := specs["cronjob-"+name]
		if !exists {
			t.Fatalf("there is no policy %s", name)
		}
		if name != "objective" {
			return evaluate(t, spec, nil, object)
		}
		given := spec.DeepCopy()
		list := &given.Variables[len(given.Variables)-1]
		if !strings.HasPrefix(list.Expression, "resource.List('kigen.dev/v1alpha1', 'objectives', object.metadata.namespace)") {
			t.Fatalf("%s is no list of Objectives", list.Expression)
		}
		list.Expression = objectives
		return evaluate(t, *given, nil, object)
	})
}

// The Objectives of a namespace: one names another CronJob, and one selects by a label.
const objectives = "[dyn({'spec': {'batch': {'cronJob': 'other'}}}), dyn({'spec': {'batch': {'selector': {'matchLabels': {'tier': 'gold'}}}}})]"

func checkReports(t *testing.T, reports func(name string, object *unstructured.Unstructured) string) {
	t.Helper()
	for path, messages := range expected {
		object := &unstructured.Unstructured{}
		decode(t, documentsOf(t, path)[0], &object.Object, sigsyaml.Unmarshal)
		for name, message := range messages {
			if reported := reports(name, object); reported != message {
				t.Errorf("%s, %s:\n%q instead of\n%q", path, name, reported, message)
			}
		}
	}
}

// What a policy reports of a CronJob that is created.
func evaluate(
	t *testing.T, policy admissionv1.ValidatingAdmissionPolicySpec, params *corev1.ConfigMap, object *unstructured.Unstructured,
) string {
	t.Helper()
	options := cel.OptionalVariableDeclarations{HasParams: policy.ParamKind != nil}
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		t.Fatal(err)
	}
	var variables []cel.NamedExpressionAccessor
	for _, variable := range policy.Variables {
		variables = append(variables, &validating.Variable{Name: variable.Name, Expression: variable.Expression})
	}
	compiler.CompileAndStoreVariables(variables, options, environment.NewExpressions)
	var conditions, messages []cel.ExpressionAccessor
	for _, validation := range policy.Validations {
		conditions = append(conditions, &validating.ValidationCondition{Expression: validation.Expression, Message: validation.Message})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression})
	}
	// An expression that fails must not pass for one that holds.
	failurePolicy := admissionv1.Fail
	validator := validating.NewValidator(
		compiler.CompileCondition(conditions, options, environment.NewExpressions), nil,
		compiler.CompileCondition(nil, options, environment.NewExpressions),
		compiler.CompileCondition(messages, options, environment.NewExpressions), &failurePolicy, nil,
	)
	attributes := admission.NewAttributesRecord(
		object, nil, cronJob, object.GetNamespace(), object.GetName(), cronJobs, "", admission.Create, nil, false, nil,
	)
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedObject: object, VersionedKind: cronJob}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: object.GetNamespace()}}
	var given runtime.Object
	if params != nil {
		given = params
	}
	result := validator.Validate(
		context.Background(), cronJobs, versioned, given, namespace, celconfig.RuntimeCELCostBudget, nil,
	)
	var reported []string
	for _, decision := range result.Decisions {
		if decision.Evaluation == validating.EvalError {
			t.Error(decision.Message)
		}
		if decision.Action == validating.ActionDeny {
			reported = append(reported, decision.Message)
		}
	}
	return strings.Join(reported, "\n")
}
