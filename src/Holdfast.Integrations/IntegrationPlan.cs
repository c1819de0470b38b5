using System.Diagnostics.CodeAnalysis;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Naming;
using Holdfast.Broker.Topics;
using Holdfast.Integrations.Webhooks;

namespace Holdfast.Integrations;

/// <summary>A definition whose every field was found valid.</summary>
internal sealed record IntegrationPlan(IntegrationDefinition Definition, TopicFilter Filter, Uri Url)
{
    /// <summary>Checks a definition.</summary>
    /// <param name="definition">What an operator gave.</param>
    /// <param name="plan">The plan, when it is valid.</param>
    /// <param name="field">Otherwise the field that is not, in camel case.</param>
    /// <param name="problem">What is wrong with it and what to do.</param>
    public static bool TryMake(IntegrationDefinition definition, [NotNullWhen(true)] out IntegrationPlan? plan, out string field, out string problem)
    {
        plan = null;
        (field, problem) = ProblemOfNames(definition);
        if (problem.Length > 0)
        {
            return false;
        }

        field = "filter";
        if (!TopicFilter.TryParse(definition.Filter, out var filter, out problem))
        {
            return false;
        }

        if (filter.IsShared)
        {
            problem = "An integration has no share: it is a group of its own. Give the filter without $share/{name}/.";
            return false;
        }

        field = "url";
        if (!WebhookUrl.TryParse(definition.Url, out var url, out problem))
        {
            return false;
        }

        plan = new IntegrationPlan(definition, filter, url);
        return true;
    }

    private static (string Field, string Problem) ProblemOfNames(IntegrationDefinition definition)
    {
        if (!ResourceName.IsValid(definition.Product))
        {
            return ("product", $"'{definition.Product}' is not a valid product name: {ResourceName.Rule}.");
        }

        if (!ResourceName.IsValid(definition.Name))
        {
            return ("name", $"'{definition.Name}' is not a valid name: {ResourceName.Rule}.");
        }

        return definition.Kind == IntegrationDefinition.WebhookKind
            ? ("", "")
            : ("kind", $"'{definition.Kind}' is not a kind of integration. There is '{IntegrationDefinition.WebhookKind}'.");
    }
}
