namespace Holdfast.Broker.Integrations;

/// <summary>Where the integrations run. In a cluster each runs on one node, and any node is asked about it; who is asked then asks the one that knows.</summary>
public interface IIntegrationNodes
{
    /// <summary>The names of a product's integrations, wherever they run; those that run here need not be among them.</summary>
    /// <param name="product">The product.</param>
    IEnumerable<string> Names(string product);

    /// <summary>Whether an integration exists and runs nowhere just now: it is moving to this node.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    bool IsMoving(string product, string name);

    /// <summary>Whether another node runs an integration, or would if there were one of that name.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    bool RunsElsewhere(string product, string name);

    /// <summary>Passes a request to the node that runs an integration.</summary>
    /// <param name="product">The product.</param>
    /// <param name="name">The name.</param>
    /// <param name="request">The request, as the HTTP side of nodes understands it.</param>
    /// <returns>Its answer.</returns>
    /// <exception cref="NodeSilentException">No other node runs it now, or that node does not answer. Perhaps it has done what it was asked.</exception>
    ValueTask<byte[]> AskRunnerAsync(string product, string name, byte[] request);

    /// <summary>Passes a request to every other node.</summary>
    /// <param name="request">The request, as the HTTP side of nodes understands it.</param>
    /// <returns>Of each node its name and its answer; null when it did not answer.</returns>
    ValueTask<IReadOnlyList<(string Node, byte[]? Answer)>> AskOthersAsync(byte[] request);
}

/// <summary>A node that was asked does not answer.</summary>
/// <param name="message">Which node, and why.</param>
/// <param name="cause">What went wrong.</param>
public sealed class NodeSilentException(string message, Exception? cause = null) : IOException(message, cause);
