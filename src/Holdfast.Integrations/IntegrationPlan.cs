using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Naming;
using Holdfast.Broker.Reading;
using Holdfast.Broker.Topics;
using Holdfast.Integrations.Delivery;
using Holdfast.Log.State;

namespace Holdfast.Integrations;

/// <summary>An integration whose every field was found valid.</summary>
internal sealed record IntegrationPlan(
    string Product, string Name, IntegrationKind Kind, string FilterText, TopicFilter Filter, IntegrationSettings Settings)
{
    /// <summary>As operators see it.</summary>
    public IntegrationDefinition Definition => new(Product, Name, Kind.Name, FilterText, Kind.Show(Settings));

    /// <summary>Whether QoS 0 messages that match must be logged for it. A replay reads what is there already.</summary>
    public bool WantsEvents => Settings.Replay is null && Kind.CarriesEvents(Settings);

    /// <summary>As whom it publishes: what came in by it is known by this name.</summary>
    public string Publisher => $"integration/{Settings.Replay?.Of ?? Name}";

    /// <summary>Checks what an operator gave.</summary>
    /// <param name="definition">What an operator gave.</param>
    /// <param name="plan">The plan, when it is valid.</param>
    /// <param name="field">Otherwise the field that is not, in camel case.</param>
    /// <param name="problem">What is wrong with it and what to do.</param>
    public static bool TryMake(IntegrationDefinition definition, [NotNullWhen(true)] out IntegrationPlan? plan, out string field, out string problem)
    {
        plan = null;
        (field, problem) = ProblemOfNames(definition, out var kind);
        if (kind is null || problem.Length > 0)
        {
            return false;
        }

        (var settings, field, problem) = kind.Read(definition.Settings);
        return settings is not null
            && TryMake(definition.Product, definition.Name, kind, definition.Filter, settings, out plan, out field, out problem);
    }

    /// <summary>Checks an integration with settings that were read.</summary>
    public static bool TryMake(
        string product, string name, IntegrationKind kind, string filterText, IntegrationSettings settings, [NotNullWhen(true)] out IntegrationPlan? plan,
        out string field, out string problem)
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

        if (kind.ProblemOf(settings, filterText) is { } wrong)
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
    {
        var kind = IntegrationKind.Find(stored.Kind) ?? throw new InvalidDataException(NoSuchKind(stored.Kind));
        return TryMake(stored.Product, stored.Name, kind, stored.Filter, kind.Parse(stored.Settings), out var plan, out _, out var problem)
            ? plan
            : throw new InvalidDataException(problem);
    }

    /// <summary>Which records it carries.</summary>
    /// <param name="partitionCount">The number of partitions of the log.</param>
    /// <param name="withoutResponses">Whether what receivers have answered to devices is left out.</param>
    /// <param name="withoutOwn">Whether what the integration itself has published is left out.</param>
    public DeliveryScope CreateScope(int partitionCount, bool withoutResponses = false, bool withoutOwn = false)
    {
        var events = new EventScope(Product, Filter, partitionCount, Settings.Replay?.Device)
        {
            FromMilliseconds = Settings.Replay?.From?.ToUnixTimeMilliseconds() ?? long.MinValue,
            ToMilliseconds = Settings.Replay?.To?.ToUnixTimeMilliseconds() ?? long.MaxValue,
        };
        return new DeliveryScope(events, partitionCount)
        {
            IsEmpty = !Kind.CarriesEvents(Settings),
            NamePrefix = Settings.EventPrefix,
            WithoutResponses = withoutResponses,
            WithoutPublisher = withoutOwn ? Publisher : "",
            Ends = Settings.Replay?.Ends,
            Places = Settings.Replay?.Places,
        };
    }

    private static (string Field, string Problem) ProblemOfNames(IntegrationDefinition definition, out IntegrationKind? kind)
    {
        kind = IntegrationKind.Find(definition.Kind);
        if (!ResourceName.IsValid(definition.Product))
        {
            return ("product", $"'{definition.Product}' is not a valid product name: {ResourceName.Rule}.");
        }

        if (!ResourceName.IsValid(definition.Name))
        {
            return ("name", $"'{definition.Name}' is not a valid name: {ResourceName.Rule}.");
        }

        return kind is null ? ("kind", NoSuchKind(definition.Kind)) : ("", "");
    }

    private static string NoSuchKind(string kind) => $"'{kind}' is not a kind of integration. There are {IntegrationKind.Names}.";
}
