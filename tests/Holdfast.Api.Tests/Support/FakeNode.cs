using System.Text.Json;
using Holdfast.Broker.Health;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Publishing;

namespace Holdfast.Api.Tests.Support;

/// <summary>The node behind the API: it remembers what it was asked and answers as a test says.</summary>
internal sealed class FakeNode : IEventPublisher, ICommitHealth, IIntegrationRegistry
{
    private readonly Dictionary<(string Product, string Name), IntegrationStatus> _integrations = [];

    public List<EventToPublish> Published { get; } = [];

    public PublishResult Result { get; set; } = new(PublishStatus.Committed, "run1-3-42", "");

    /// <summary>What becomes of one event, when it is not <see cref="Result"/>.</summary>
    public Func<EventToPublish, PublishResult?>? ResultOf { get; set; }

    public Exception? Failure { get; set; }

    public CommitState State { get; set; } = CommitState.Committing;

    public string Reason { get; set; } = "";

    public IntegrationResult? AddResult { get; set; }

    public async ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken)
        => await await AppendAsync(message, cancellationToken);

    public ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        if (Failure is not null)
        {
            throw Failure;
        }

        Published.Add(message);
        return ValueTask.FromResult(Task.FromResult(ResultOf?.Invoke(message) ?? Result));
    }

    public IReadOnlyList<IntegrationStatus> List(string product)
        => [.. _integrations.Where(entry => entry.Key.Product == product).Select(entry => entry.Value)];

    public IntegrationStatus? Find(string product, string name) => _integrations.GetValueOrDefault((product, name));

    public ValueTask<IntegrationResult> AddAsync(IntegrationDefinition definition, CancellationToken cancellationToken)
    {
        if (AddResult is { } result)
        {
            return ValueTask.FromResult(result);
        }

        var status = new IntegrationStatus
        {
            Definition = definition,
            CreatedAt = new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero),
            State = IntegrationState.Retrying,
            Delivered = 7,
            LastError = "HTTP 500",
        };
        _integrations.Add((definition.Product, definition.Name), status);
        return ValueTask.FromResult(IntegrationResult.Done(status));
    }

    public ValueTask<IntegrationResult> ChangeAsync(string product, string name, JsonElement patch, CancellationToken cancellationToken)
        => ValueTask.FromResult(AddResult ?? IntegrationResult.NotFound(product, name));

    public ValueTask<IntegrationResult> RotateSecretAsync(string product, string name, string? secret, TimeSpan overlap, CancellationToken cancellationToken)
        => ValueTask.FromResult(AddResult ?? IntegrationResult.NotFound(product, name));

    public ValueTask<bool> RemoveAsync(string product, string name, CancellationToken cancellationToken)
        => ValueTask.FromResult(_integrations.Remove((product, name)));
}
