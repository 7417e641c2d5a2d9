import { Module } from '@nestjs/common';
import { VisibilityController } from './visibility.controller.js';

/** Workers and sites. It owns no stream yet, so nothing it answers can lag behind the ledger. */
@Module({ controllers: [VisibilityController] })
export class PilotsModule {}
