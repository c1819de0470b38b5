using Holdfast.Mqtt;

namespace Holdfast.Broker.Tests.Fuzzing;

/// <summary>A message that a session must get, or may.</summary>
internal sealed class Expected
{
    public required string Topic { get; init; }

    public required string Payload { get; init; }

    /// <summary>The retain flag that it comes with.</summary>
    public required bool Retain { get; init; }

    /// <summary>Whether it answers a SUBSCRIBE, and does not come from the log.</summary>
    public required bool IsRetained { get; init; }

    public required QualityOfService QualityOfService { get; init; }

    public required IReadOnlyList<uint> Identifiers { get; init; }

    /// <summary>Its place among everything that was published.</summary>
    public required int Order { get; init; }

    /// <summary>Whether it is a fault when it never comes.</summary>
    public required bool IsRequired { get; set; }

    /// <summary>The subscriptions have changed since it was published: it may come under the old terms or the new ones.</summary>
    public bool HasAnyTerms { get; set; }

    /// <summary>It is not to come unless the subscriptions change before it is its turn.</summary>
    public bool IsHidden { get; init; }

    public bool IsTaken { get; set; }

    /// <summary>The broker has crashed since it was taken, and may not know that it was.</summary>
    public bool MayComeAgain { get; set; }

    public bool Fits(string payload, bool retain, QualityOfService qualityOfService, IReadOnlyList<uint> identifiers)
        => Payload == payload
            && (HasAnyTerms || (!IsHidden && Retain == retain && QualityOfService == qualityOfService && Identifiers.Order().SequenceEqual(identifiers.Order())));

    public override string ToString()
        => $"{Topic}={Payload[..Math.Min(12, Payload.Length)]} q{(int)QualityOfService}{(Retain ? " retain" : "")}{(IsRequired ? "" : " (may)")}";
}
