namespace Holdfast.Broker.Retained;

/// <summary>Reads the retained message of a topic.</summary>
public interface IRetainedReader
{
    /// <summary>The payload of a topic's retained message, as of everything that is announced; null when there is none.</summary>
    /// <param name="product">The product.</param>
    /// <param name="topic">The topic name.</param>
    byte[]? Read(string product, string topic);
}
