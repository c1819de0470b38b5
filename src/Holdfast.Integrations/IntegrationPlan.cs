using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Naming;
using Holdfast.Broker.Topics;
using Holdfast.Integrations.Webhooks;
using Holdfast.Log.State;

namespace Holdfast.Integrations;

/// <summary>An integration whose every field was found valid.</summary>
internal sealed record IntegrationPlan(string Product, string Name, string Kind, string FilterText, TopicFilter Filter, WebhookSettings Settings)
{
    /// <summary>As operators see it.</summary>
    public IntegrationDefinition Definition => new(Product, Name, Kind, FilterText, WebhookSettingsReader.Show(Settings));

    /// <summary>Checks what an operator gave.</summary>
    /// <param name="definition">What an operator gave.</param>
    /// <param name="plan">The plan, when it is valid.</param>
    /// <param name="field">Otherwise the field that is not, in camel case.</param>
    /// <param name="problem">What is wrong with it and what to do.</param>
    public static bool TryMake(IntegrationDefinition definition, [NotNullWhen(true)] out IntegrationPlan? plan, out string field, out string problem)
    {
        plan = null;
        (field, problem) = ProblemOfNames(definition);
        return problem.Length == 0
            && WebhookSettingsReader.TryRead(definition.Settings, out var settings, out field, out problem)
            && TryMake(definition.Product, definition.Name, definition.Kind, definition.Filter, settings, out plan, out field, out problem);
    }

    /// <summary>Checks an integration with settings that were read.</summary>
    public static bool TryMake(
        string product, string name, string kind, string filterText, WebhookSettings settings, [NotNullWhen(true)] out IntegrationPlan? plan, out string field, out string problem)
    {
        plan = null;
        field = "filter";
        if (!TopicFilter.TryParse(filterText, out var filter, out problem))
        {
            return false;
        }

        if (filter.IsShared)
        {
            problem = "An integration has no share: it is a group of its own. Give the filter without $share/{name}/.";
            return false;
        }

        if (WebhookSettingsCheck.ProblemOf(settings) is { } wrong)
        {
            (field, problem) = wrong;
            return false;
        }

        plan = new IntegrationPlan(product, name, kind, filterText, filter, settings);
        return true;
    }

    /// <summary>The plan of what is stored.</summary>
    /// <exception cref="InvalidDataException">It is not valid.</exception>
    /// <exception cref="JsonException">Its settings cannot be read.</exception>
    public static IntegrationPlan Of(StoredIntegration stored)
        => TryMake(stored.Product, stored.Name, stored.Kind, stored.Filter, WebhookSettings.Parse(stored.Settings), out var plan, out _, out var problem)
            ? plan
            : throw new InvalidDataException(problem);

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
