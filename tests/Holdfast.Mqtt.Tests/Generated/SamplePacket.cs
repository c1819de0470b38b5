namespace Holdfast.Mqtt.Tests.Generated;

/// <summary>A packet that the encoder wrote, with the fields that it was given.</summary>
public sealed record SamplePacket(byte[] Bytes, string Text, ProtocolVersion Version, bool FromServer);
